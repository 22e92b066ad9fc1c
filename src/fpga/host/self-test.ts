import type { Accelerator } from './accelerator.js';
import type { Bundle, GoldenVector } from './bundle.js';
import { whyNotFor } from './identity.js';
import { imageWords, mapAddress, mapValues, mapWords } from './maps.js';

/** What a self-test found. */
export interface SelfTest {
  readonly vectors: number;
  /** Values compared: every map of the first image, the logits of the others. */
  readonly values: number;
  /** Cycles of all images until their logits, by the hardware's counter. */
  readonly cycles: number;
  /** The first place that differs, in words; null where every value agrees. */
  readonly difference: string | null;
}

/**
 * Checks that the accelerator is the one that the bundle was made for, loads the network and runs every
 * golden image: the first step by step, to compare every map, the others to their logits.
 *
 * @throws Error when the accelerator does not answer or is another one
 */
export async function selfTest(
  bundle: Bundle,
  device: Accelerator,
  progress: (done: number, total: number) => void = () => {},
): Promise<SelfTest> {
  await checkDesign(bundle, device);
  const { network, weights } = bundle;
  await device.loadNetwork(weights);

  let values = 0;
  let cycles = 0;
  for (const [done, vector] of network.vectors.entries()) {
    progress(done, network.vectors.length);
    const steps = [...network.steps.keys()];
    for (const step of done === 0 ? steps : steps.slice(-1)) {
      const taken = await runTo(bundle, device, vector, step);
      if (step === steps.length - 1) cycles += taken;
      const { compared, difference } = await compareMap(bundle, device, vector, step);
      if (difference !== null) return { vectors: done + 1, values, cycles, difference };
      values += compared;
    }
  }
  return { vectors: network.vectors.length, values, cycles, difference: null };
}

async function checkDesign({ design }: Bundle, device: Accelerator): Promise<void> {
  const problem = whyNotFor(design.design, await device.describe());
  if (problem !== null) throw new Error(problem);
}

/** Runs a golden image until a step; a run uses its image up, so it is loaded each time. */
async function runTo(bundle: Bundle, device: Accelerator, vector: GoldenVector, step: number) {
  const { golden, network } = bundle;
  const pixels = golden.subarray(vector.pixels, vector.pixels + network.imageBytes);
  await device.loadImage(imageWords(pixels));
  return device.run(step);
}

/** Compares a step's map; `difference` is the first value that differs, in words. */
async function compareMap(
  { network, golden }: Bundle,
  device: Accelerator,
  vector: GoldenVector,
  step: number,
): Promise<{ compared: number; difference: string | null }> {
  const map = network.steps[step];
  const at = vector.maps[step];
  if (at === null) return { compared: 0, difference: null };
  const words = mapWords(map);
  const view = new DataView(golden.buffer, golden.byteOffset + at);
  const expected = Int16Array.from({ length: words }, (_, i) => view.getInt16(2 * i, true));
  const wanted = mapValues(map, expected);
  const found = mapValues(map, await device.readMap(mapAddress(step), words));
  const wrong = wanted.findIndex((value, i) => value !== found[i]);
  if (wrong < 0) return { compared: wanted.length, difference: null };
  const { width, channels } = map.shape;
  const [pixel, channel] = [Math.floor(wrong / channels), wrong % channels];
  const [row, column] = [Math.floor(pixel / width), pixel % width];
  const difference =
    `test image ${vector.image}, layer ${map.name}, channel ${channel}, row ${row}, ` +
    `column ${column}: ${wanted[wrong]} expected, ${found[wrong]} found`;
  return { compared: wrong, difference };
}
