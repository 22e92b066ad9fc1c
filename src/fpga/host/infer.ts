import type { Accelerator } from './accelerator.js';
import { imageWords, mapAddress, mapValues, mapWords, type StepMap } from './maps.js';

/** What an accelerator makes of one image. */
export interface Inference {
  /** [classes]. */
  readonly logits: Int32Array;
  /** By the hardware's counter. */
  readonly cycles: number;
}

/**
 * Sends an image to an accelerator whose network is loaded and fetches its logits.
 *
 * @param steps the map of each step; the last are the logits
 * @param pixels [height, width, channels]
 */
export async function infer(
  device: Accelerator,
  steps: readonly StepMap[],
  pixels: Uint8Array,
): Promise<Inference> {
  const last = steps.length - 1;
  await device.loadImage(imageWords(pixels));
  const cycles = await device.run(last);
  const words = await device.readMap(mapAddress(last), mapWords(steps[last]));
  return { logits: mapValues(steps[last], words), cycles };
}
