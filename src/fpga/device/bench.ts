import { spreadOf } from '../../util/timing.js';
import type { Device } from './connect.js';
import type { Deployment } from './deployment.js';
import { inferenceOn, type Time } from './infer.js';

/** Speed of an accelerator, the engine's and the link's apart. */
export interface DeviceSpeed {
  readonly images: number;
  readonly cyclesPerImage: number;
  /** Of the engine alone, at the board's clock. */
  readonly engine: Time & { readonly imagesPerSecond: number };
  /** From the first byte of an image to the last of its logits: the median, engine and link. */
  readonly latency: Time & { readonly imagesPerSecond: number };
  /** Of the link alone, the median. */
  readonly link: Time;
}

/**
 * Runs golden images of a deployment, again from the first where there are fewer than `images`, and
 * checks every logit.
 *
 * @param images 1 or more
 * @throws Failure of kind `tool` at the first logit that differs from the CPU runtime's
 */
export async function benchDevice(
  device: Device,
  deployment: Deployment,
  images: number,
): Promise<DeviceSpeed> {
  const { network, golden } = deployment.bundle;
  const infer = inferenceOn(device, deployment);
  const links: Time[] = [];
  let cycles = 0;
  for (let i = 0; i < images; i++) {
    const { pixels } = network.vectors[i % network.vectors.length];
    const inference = await infer(golden.subarray(pixels, pixels + network.imageBytes));
    links.push(inference.link);
    cycles += inference.cycles;
  }
  const cyclesPerImage = cycles / images;
  const engine = cyclesPerImage / deployment.bundle.design.clock;
  const { kind } = links[0];
  const { median: link } = spreadOf(links.map(({ seconds }) => seconds));
  const rate = (seconds: number) => ({ seconds, imagesPerSecond: 1 / seconds });
  return {
    images,
    cyclesPerImage,
    engine: { ...rate(engine), kind: 'modelled' },
    latency: { ...rate(engine + link), kind },
    link: { seconds: link, kind },
  };
}
