import { describeDifference, firstDifference } from '../model/trace.js';
import { Failure } from '../util/failure.js';
import { passCycles } from './cycles.js';
import type { Design } from './design.js';
import type { GoldenLayer } from './golden.js';
import type { LayerPlan } from './plan.js';
import type { LayerOutcome } from './simulate.js';

/**
 * Compares what the simulated RTL computed with the reference, value by value, and its cycles with
 * the cycle model.
 *
 * @throws Failure that names the first image, layer, channel and position that differ
 */
export function compareWithReference(
  plans: readonly LayerPlan[],
  design: Design,
  golden: readonly GoldenLayer[],
  outcomes: readonly LayerOutcome[],
): void {
  if (outcomes.length !== golden.length) {
    throw new Error(`${outcomes.length} simulated layers for ${golden.length} golden ones`);
  }
  for (const [i, { layer, image, accumulators }] of golden.entries()) {
    const plan = plans[layer];
    const trace = (values: Int32Array) => [{ name: plan.name, shape: plan.conv.output, values }];
    const difference = firstDifference(trace(accumulators), trace(outcomes[i].accumulators));
    if (difference) {
      throw mismatch(`on test image ${image}, ${describeDifference(difference)}`);
    }
    const modelled = plan.passes.map((pass) => passCycles(plan.tiling, pass, design));
    if (modelled.join() !== outcomes[i].cycles.join()) {
      throw mismatch(
        `on test image ${image}, layer ${plan.name} took ${outcomes[i].cycles.join(' + ')} cycles, ` +
          `the model says ${modelled.join(' + ')}`,
      );
    }
  }
}

function mismatch(what: string): Failure {
  return new Failure('tool', `the simulated accelerator differs from the reference: ${what}`, [
    'this is a fault of the accelerator or of its simulator, not of the network: please report it',
    'run without hardware meanwhile: set device.target to cpu',
  ]);
}
