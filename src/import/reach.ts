import { slopeFractionBits } from '../model/integer.js';
import { packNetwork } from '../model/pack.js';
import type { PackedModel } from '../model/packed.js';
import type { LayerTrace, Trace } from '../model/trace.js';
import type { TrainedBinaryNetwork } from '../model/trained.js';
import { createRuntime } from '../runtime/index.js';

/** Reaches for which the network is packed in turn until none of its activations saturates. */
const trials = [300, 5000, 21000];

/** A reach that no packed model holds. */
const beyondAll = 32768;

const untold = { trained: '', spec: '', tool: '', origin: null };

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/**
 * The largest magnitude of an activation in the maps of one image, in units of its last bit: of those
 * that the trace has, and of those within blocks that follow from them.
 */
function reachInTrace({ shape, blocks }: PackedModel, trace: Trace): number {
  const maps = new Map(trace.map((layer) => [layer.name, layer]));
  const map = (name: string): LayerTrace => {
    const found = maps.get(name);
    if (!found) throw new Error(`the trace lacks ${name}`);
    return found;
  };
  let x = map('stem');
  let most = largest(x.values);
  for (const [i, { requantizer, slope }] of blocks.entries()) {
    const { name, shortcut: kind } = shape.blocks[i];
    const sums = maps.get(`${name}.pool`) ?? map(`${name}.conv`);
    const shortcut = maps.get(`${name}.shortcut`) ?? (kind === 'none' ? null : x);
    const { preShift, shift, multiplier, bias } = requantizer;
    const factors = Float64Array.from(multiplier, (m) => m / 2 ** (preShift + shift));
    const offsets = Float64Array.from(bias, (b) => b / 2 ** shift);
    const slopes = Float64Array.from(slope, (s) =>
      Math.max(1, Math.abs(s) / 2 ** slopeFractionBits),
    );
    const { channels } = sums.shape;
    for (let j = 0; j < sums.values.length; j++) {
      const o = j % channels;
      const branch = sums.values[j] * factors[o] + offsets[o];
      const sum = branch + (shortcut ? shortcut.values[j] : 0);
      most = Math.max(most, Math.abs(branch), sum < 0 ? -sum * slopes[o] : sum);
    }
    if (shortcut) most = Math.max(most, largest(shortcut.values));
    x = map(name);
    most = Math.max(most, largest(x.values));
  }
  return most;
}

/**
 * The largest magnitude that an activation takes over the images, as `reachOf` of
 * model/float-reference.ts has it but for rounding, by the packed runtime: fast enough for networks of
 * 224x224 images.
 *
 * @param images pixels [count, height, width, channels]
 */
export function packedReach(network: TrainedBinaryNetwork, images: readonly Uint8Array[]): number {
  for (const trial of trials) {
    const model = packNetwork(network, {
      name: '',
      reach: { activations: trial, accumulators: [] },
      provenance: untold,
    });
    const { trace } = createRuntime(model);
    let most = 0;
    for (const image of images) most = Math.max(most, reachInTrace(model, trace(image)));
    if (most < 32767) return most / 2 ** model.fractionBits;
  }
  return beyondAll;
}
