import type { DeviceSpeed } from '../fpga/device/bench.js';
import type { Inference, Loading, Time } from '../fpga/device/infer.js';
import type { Picture } from '../fpga/device/picture.js';
import type { Description } from '../fpga/host/accelerator.js';

const rows = (lines: readonly (readonly [string, string])[]) =>
  lines.map(([label, text]) => `${label.padEnd(10)}  ${text}`).join('\n');

const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const rate = (value: number) => `${short(value)} images/s`;
const time = ({ seconds, kind }: Time) => `${short(seconds * 1000)} ms (${kind})`;

/** Who answered, and that it is the accelerator of the deployment. */
export function pingText(description: Description, folder: string): string {
  const { protocol, ...parameters } = description;
  const named = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
  return rows([
    ['protocol', String(protocol)],
    ['bitstream', named.join(', ')],
    ['network', `the one of ${folder}`],
  ]);
}

/** What was loaded, and how long it took. */
export function loadingText({ words, bytes, link }: Loading, folder: string): string {
  return rows([
    ['loaded', `the network of ${folder}: ${words} words of 32 bits`],
    ['link', `${bytes} bytes, ${time(link)}`],
  ]);
}

/** The class of an image, and what it took. */
export function inferenceText(
  { logits, cycles, engine, link, ...inference }: Inference,
  classes: readonly string[],
  { resizedFrom }: Picture,
): string {
  return rows([
    ['class', inference.class],
    ['logits', logits.map((value, i) => `${classes[i]}: ${value}`).join(', ')],
    ['checked', "every logit equals the CPU runtime's"],
    ['engine', `${cycles} cycles, ${time(engine)}`],
    ['link', time(link)],
    ...(resizedFrom === null
      ? []
      : [['resized', `from ${resizedFrom.width}x${resizedFrom.height} pixels`] as const]),
  ]);
}

/** Images a second of the engine and with the link. */
export function deviceSpeedText(speed: DeviceSpeed): string {
  const { images, cyclesPerImage, engine, link, latency } = speed;
  return rows([
    ['images', `${images}, every logit equal to the CPU runtime's`],
    ['engine', `${rate(engine.imagesPerSecond)} at ${cyclesPerImage} cycles, ${time(engine)} each`],
    ['link', `${time(link)} an image, median`],
    ['both', `${rate(latency.imagesPerSecond)}, latency ${time(latency)}, median`],
  ]);
}
