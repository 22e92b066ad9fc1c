import { type Architecture, layOut, type MapShape } from '../model/network.js';
import type { QuantizeSpec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { chooseDesign, type Fit } from './fit.js';
import { type FpgaTarget, type FpgaTargetName, fpgaTargets } from './targets.js';

/** What decides whether a network fits a part. */
export interface FitQuestion {
  readonly architecture: Architecture;
  readonly image: MapShape;
  readonly classes: number;
  /** The largest of its layers. */
  readonly tau: number;
  readonly target: FpgaTargetName;
}

/**
 * The design for a network on its target.
 *
 * @throws Failure of kind `input` that names every resource of which it needs too much, by how much,
 *   and the nearest settings that would make it fit
 */
export function designFor(question: FitQuestion): Fit & { readonly target: FpgaTarget } {
  const target = fpgaTargets[question.target];
  const fit = fitOf(question);
  if (fit.misfits.length === 0) return { ...fit, target };
  const lacks = fit.misfits.map(
    ({ resource, needed, available, detail }) =>
      `  ${resource}: ${needed} needed of ${available}, ${needed - available} too many (${detail})`,
  );
  throw new Failure(
    'input',
    [`the network does not fit ${target.part} (${target.board}):`, ...lacks].join('\n'),
    nearestFits(question),
  );
}

function fitOf({ architecture, image, classes, tau, target }: FitQuestion): Fit {
  return chooseDesign(layOut(architecture, image, classes), tau, fpgaTargets[target]);
}

/** The nearest change of each single setting with which the network fits, in words. */
function nearestFits(question: FitQuestion): string[] {
  const fits = (change: Partial<FitQuestion>) =>
    fitOf({ ...question, ...change }).misfits.length === 0;
  const { architecture, tau } = question;
  const taus = Array.from({ length: tau - 1 }, (_, i) => tau - 1 - i);
  const widths = Array.from(
    { length: architecture.width - 1 },
    (_, i) => architecture.width - 1 - i,
  );
  const otherTau = taus.find((value) => fits({ tau: value }));
  const otherWidth = widths.find((width) => fits({ architecture: { ...architecture, width } }));
  const otherTargets = Object.values(fpgaTargets).filter(
    ({ name }) => name !== question.target && fits({ target: name }),
  );
  const smaller = [
    ...(otherTau === undefined ? [] : [`quantize.tau ${otherTau} fits`]),
    ...(otherWidth === undefined ? [] : [`architecture.width ${otherWidth} fits`]),
    ...otherTargets.map(({ name, part }) => `device.target ${name} (${part}) fits`),
  ];
  const none =
    'no single change of quantize.tau, architecture.width or FPGA makes it fit; device.target cpu runs it';
  return smaller.length > 0 ? [...smaller, 'device.target cpu runs it as it is'] : [none];
}

/** Why the accelerator does not take a network that is binarised so; null: it does. */
export function whyNotAccelerated({ binarize }: QuantizeSpec): string | null {
  if (binarize === 'weights+activations') return null;
  return `quantize.binarize is ${binarize}: the accelerator takes binary weights and activations only`;
}
