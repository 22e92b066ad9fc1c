import { createRuntime, type Runtime } from '../../runtime/index.js';
import { Failure } from '../../util/failure.js';
import { imageWords, mapAddress, mapValues, mapWords } from '../host/maps.js';
import { linkSeconds } from '../link-time.js';
import type { Device } from './connect.js';
import type { Deployment } from './deployment.js';

/** A time and how it is known: `modelled` ones are bytes or cycles over the board's rates. */
export interface Time {
  readonly seconds: number;
  readonly kind: 'measured' | 'modelled';
}

/** What the accelerator said of an image; its logits equal the CPU runtime's. */
export interface Inference {
  readonly class: string;
  readonly logits: readonly number[];
  /** By the hardware's counter, from image bytes to logits. */
  readonly cycles: number;
  /** The cycles at the board's clock. */
  readonly engine: Time;
  /** What the link took: the image in, the logits out. */
  readonly link: Time;
}

/** What loading a network took. */
export interface Loading {
  readonly words: number;
  readonly bytes: number;
  readonly link: Time;
}

type Link = Pick<Device, 'place' | 'accelerator' | 'bytes'>;

/** Writes the deployment's network into the accelerator. */
export async function loadNetwork(device: Link, { bundle }: Deployment): Promise<Loading> {
  const { bytes, time } = await overLink(device, bundle.design.baud, async () => {
    await device.accelerator.loadNetwork(bundle.weights);
    return 0;
  });
  return { words: bundle.weights.length / 2, bytes, link: time };
}

/** Runs images on a device whose network is loaded and holds every logit against the CPU runtime. */
export function inferenceOn(
  device: Link,
  { bundle, model }: Deployment,
): (pixels: Uint8Array) => Promise<Inference> {
  const runtime: Runtime = createRuntime(model);
  const { design, network } = bundle;
  const step = network.steps.length - 1;
  const map = network.steps[step];
  const { accelerator } = device;

  return async (pixels) => {
    let logits: Int32Array = new Int32Array();
    let cycles = 0;
    const { time } = await overLink(device, design.baud, async () => {
      await accelerator.loadImage(imageWords(pixels));
      cycles = await accelerator.run(step);
      logits = mapValues(map, await accelerator.readMap(mapAddress(step), mapWords(map)));
      return cycles / design.clock;
    });
    requireSameLogits(runtime.logits(pixels, 1), logits, network.classes);
    return {
      class: network.classes[logits.indexOf(Math.max(...logits))],
      logits: [...logits],
      cycles,
      engine: { seconds: cycles / design.clock, kind: 'modelled' },
      link: time,
    };
  };
}

/**
 * Times an exchange, less the engine's share that it returns: by the clock on a port; simulated, by its
 * bytes at the board's rate.
 */
async function overLink(
  { place, bytes }: Link,
  baud: number,
  exchange: () => Promise<number>,
): Promise<{ bytes: number; time: Time }> {
  const [before, started] = [bytes(), performance.now()];
  const engine = await exchange();
  const passed = (performance.now() - started) / 1000;
  const moved = bytes() - before;
  const time: Time =
    place === 'port'
      ? { seconds: passed - engine, kind: 'measured' }
      : { seconds: linkSeconds(moved, baud), kind: 'modelled' };
  return { bytes: moved, time };
}

/** @throws Failure of kind `tool` that names the first logit that differs */
function requireSameLogits(
  expected: Int32Array,
  found: Int32Array,
  classes: readonly string[],
): void {
  const wrong = expected.findIndex((value, i) => value !== found[i]);
  if (wrong < 0) return;
  throw new Failure(
    'tool',
    `the accelerator's logits differ from the CPU runtime's, first for class ${classes[wrong]}: ` +
      `${expected[wrong]} expected, ${found[wrong]} found`,
    [
      'load the network and run it again: was the board reset, or without power, meanwhile?',
      'if it stays, reset the board or program it again: a network that was never loaded can upset it',
      'then run the self-test of the deployment folder: host/main.js',
    ],
  );
}
