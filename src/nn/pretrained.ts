import type { NetworkShape } from '../model/network.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../model/safetensors.js';
import { Failure } from '../util/failure.js';
import { layoutOf, view } from './layout.js';
import type { TrainingState } from './state.js';

/** [3, 3, Cin, Cout] -> [Cout, Cin, 3, 3]. */
function asLatents(filters: Float32Array, outChannels: number): Float32Array {
  const taps = 9;
  const inChannels = filters.length / (taps * outChannels);
  const latents = new Float32Array(filters.length);
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < inChannels; c++) {
      for (let o = 0; o < outChannels; o++) {
        latents[(o * inChannels + c) * taps + tap] =
          filters[(tap * inChannels + c) * outChannels + o];
      }
    }
  }
  return latents;
}

/**
 * The parameters of a network trained with real weights, as a safetensors file; its 3x3 filters as
 * the latents [Cout, Cin, 3, 3] that a binary network starts from.
 */
export function encodePretrained(
  shape: NetworkShape,
  { parameters }: Pick<TrainingState, 'parameters'>,
): Uint8Array {
  const layout = layoutOf(shape);
  const tensors = new Map<string, NamedTensor>();
  for (const { name, role, shape: dimensions } of layout.parameters.values()) {
    const values = view(layout, parameters, name).slice();
    const stored = role === 'latent' ? asLatents(values, dimensions[0]) : values;
    tensors.set(name, { shape: [...dimensions], values: stored });
  }
  return encodeSafetensors(tensors, {});
}

/**
 * The flat parameter vector from which a binary network of `shape` starts.
 *
 * @throws Failure when the file is damaged or belongs to another network
 */
export function decodePretrained(bytes: Uint8Array, shape: NetworkShape): Float32Array {
  const layout = layoutOf(shape);
  const { tensors } = decodeSafetensors(bytes);
  const parameters = new Float32Array(layout.size);
  for (const { name, size } of layout.parameters.values()) {
    const values = tensors.get(name)?.values;
    if (!(values instanceof Float32Array) || values.length !== size) {
      throw new Failure('input', `the pretrained network has no ${name} that fits`);
    }
    view(layout, parameters, name).set(values);
  }
  return parameters;
}

/** The latents [Cout, Cin, 3, 3] of every block of a pretrained network, by block name. */
export function latentsOf(bytes: Uint8Array): ReadonlyMap<string, Float32Array> {
  const latents = new Map<string, Float32Array>();
  for (const [name, { values }] of decodeSafetensors(bytes).tensors) {
    if (!name.endsWith('.latent') || !(values instanceof Float32Array)) continue;
    latents.set(name.slice(0, -'.latent'.length), values);
  }
  return latents;
}
