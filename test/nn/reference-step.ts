import type { NetworkShape } from '../../src/model/network.js';
import type { Activations } from '../../src/model/trained.js';
import { layoutOf, normStatistics } from '../../src/nn/layout.js';
import { normals } from '../support/numbers.js';
import { crossEntropy, difference, maps } from './reference.js';
import { type ReferencePass, referencePass } from './reference-network.js';

/** Flat parameters of `shape` with nothing at zero, in the engine's form. */
export function pointOf(shape: NetworkShape, seed: number): Float32Array {
  const layout = layoutOf(shape);
  const parameters = normals(layout.size, seed, 0.5);
  for (const { name, offset, size } of layout.parameters.values()) {
    if (!name.endsWith('.gamma')) continue;
    for (let i = offset; i < offset + size; i++) parameters[i] = 0.7 + Math.abs(parameters[i]);
  }
  return parameters;
}

/**
 * The same with latents that are quantised: of one magnitude an output channel, and that of few bits,
 * so that every engine's sums are exact and equal sums tie.
 */
export function quantizedPointOf(shape: NetworkShape, seed: number): Float32Array {
  const layout = layoutOf(shape);
  const parameters = pointOf(shape, seed);
  for (const { role, shape: dimensions, offset, size } of layout.parameters.values()) {
    if (role !== 'latent') continue;
    const weights = parameters.subarray(offset, offset + size);
    const magnitudes = weights.slice(0, dimensions[0]).map((w) => Math.ceil(64 * Math.abs(w)) / 64);
    weights.forEach((weight, i) => {
      weights[i] = Math.sign(weight) * magnitudes[i % magnitudes.length];
    });
  }
  return parameters;
}

/** The reference's pass over a batch as a function of its flat parameters. */
export function passAt(shape: NetworkShape, images: Float32Array, activations: Activations) {
  const { parameters } = layoutOf(shape);
  const { height, width, channels } = shape.input;
  const count = images.length / (height * width * channels);
  const batch = maps([count, height, width, channels], images);
  return (
    flat: Float32Array | Float64Array,
    given: Parameters<typeof referencePass>[4] = null,
    tangent: Parameters<typeof referencePass>[5] = null,
  ) => {
    const valuesOf = (name: string) => {
      const found = parameters.get(name);
      if (!found) throw new Error(`no parameter ${name}`);
      return flat.subarray(found.offset, found.offset + found.size);
    };
    return referencePass(shape, valuesOf, batch, activations, given, tangent);
  };
}

/** Statistics by name as the engine's flat vector. */
export function flatStatistics(
  shape: NetworkShape,
  statistics: ReferencePass['statistics'],
): Float32Array {
  const layout = layoutOf(shape);
  const values = new Float32Array(layout.statisticsSize);
  for (const [name, { mean, variance }] of statistics) {
    const { meanOffset, varianceOffset } = normStatistics(layout, name);
    values.set(mean, meanOffset);
    values.set(variance, varianceOffset);
  }
  return values;
}

/** How many of the reference's logits are largest at the image's label. */
export function correctOf({ logits }: ReferencePass, labels: Int32Array): number {
  return logits.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length;
}

/**
 * Differences of the reference's loss, in float64, at all places of each small tensor and at 23 of
 * each large one.
 */
export function gradientsOf(
  shape: NetworkShape,
  pass: ReturnType<typeof passAt>,
  parameters: Float32Array,
  labels: Int32Array,
) {
  const base = pass(parameters);
  const lossAt = (changed: Float64Array) => crossEntropy(pass(changed, null, base).logits, labels);
  const point = Float64Array.from(parameters);
  return [...layoutOf(shape).parameters.values()].map(({ name, offset, size }) => {
    const count = Math.min(size, 23);
    const places = Array.from({ length: count }, (_, i) => offset + Math.floor((i * size) / count));
    return { name, places, values: places.map((i) => difference(lossAt, point, i, 1e-7)) };
  });
}
