import type { NetworkShape } from '../model/network.js';
import { packNetwork } from '../model/pack.js';
import type { PackedModel } from '../model/packed.js';
import { isBinaryNetwork } from '../model/trained.js';
import { layoutOf } from '../nn/layout.js';
import { quantizeInto } from '../nn/state.js';
import { trainedNetwork } from '../nn/trained.js';
import { scalingOf, untrained } from './synthetic.js';

/** A network packed before its first training step, with free subsets of 2^tau kernels. */
export function packedNetwork(shape: NetworkShape, tau: number): PackedModel {
  const layout = layoutOf(shape);
  const state = untrained(shape, tau);
  for (const { varianceOffset, channels } of layout.norms.values()) {
    state.statistics.fill(1, varianceOffset, varianceOffset + channels);
  }
  quantizeInto(layout, state, new Float32Array(layout.size));
  const classes = Array.from({ length: shape.classifier.classes }, (_, i) => String(i));
  const input = scalingOf(shape.input.channels);
  const network = trainedNetwork(shape, state, { input, classes, activations: 'binary' });
  if (!isBinaryNetwork(network)) throw new Error('the network to pack is not binary');
  const provenance = { trained: '', spec: '', tool: 'bench', origin: null };
  return packNetwork(network, { name: 'bench', reach: 16, provenance });
}
