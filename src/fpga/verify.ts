import { describeDifference, firstDifference } from '../model/trace.js';
import { Failure } from '../util/failure.js';
import type { GoldenImage } from './golden.js';
import type { NetworkOutcome } from './simulate.js';

/**
 * Compares what the simulated RTL computed with the reference, value by value, and its cycles with
 * the cycle model.
 *
 * @param probes the steps whose maps were read back
 * @param cycles of each step, by the cycle model
 * @throws Failure that names the first image, layer, channel and position that differ
 */
export function compareWithReference(
  golden: readonly GoldenImage[],
  probes: readonly number[],
  cycles: readonly number[],
  outcomes: readonly NetworkOutcome[],
): void {
  if (outcomes.length !== golden.length) {
    throw new Error(`${outcomes.length} simulated images for ${golden.length} golden ones`);
  }
  for (const [i, { image, maps }] of golden.entries()) {
    for (const [j, step] of probes.entries()) {
      const expected = maps[step];
      const actual = outcomes[i].maps[j];
      const difference = expected && firstDifference([expected], [actual]);
      if (difference) throw mismatch(`on test image ${image}, ${describeDifference(difference)}`);
      const modelled = cycles.slice(0, step + 1).reduce((sum, count) => sum + count, 0);
      if (modelled !== outcomes[i].cycles[j]) {
        throw mismatch(
          `on test image ${image}, ${outcomes[i].cycles[j]} cycles passed until the end of layer ` +
            `${actual.name}, the model says ${modelled}`,
        );
      }
    }
  }
}

function mismatch(what: string): Failure {
  return new Failure('tool', `the simulated accelerator differs from the reference: ${what}`, [
    'this is a fault of the accelerator or of its simulator, not of the network: please report it',
    'run without hardware meanwhile: set device.target to cpu',
  ]);
}
