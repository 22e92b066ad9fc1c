import type { NetworkShape } from '../../src/model/network.js';
import type { Activations } from '../../src/model/trained.js';
import type { Maps } from './reference.js';
import * as reference from './reference.js';

/** Values of a parameter by name; filters are [k, k, Cin, Cout]. */
export type Parameters = (name: string) => ArrayLike<number>;

interface Statistics {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

export interface ReferencePass {
  readonly logits: number[][];
  /** Statistics that each norm used, by name. */
  readonly statistics: ReadonlyMap<string, Statistics>;
  /** What each block's sign saw, by block name. */
  readonly beforeSign: ReadonlyMap<string, Maps>;
  /** What each block's max pooling saw, by block name. */
  readonly beforePool: ReadonlyMap<string, Maps>;
}

/**
 * A network's forward pass in float64, as the method states its block.
 *
 * @param given statistics of inference; null: every batch norm uses those of its batch
 * @param tangent null: sign as it is; otherwise every sign is replaced by its tangent with the
 * surrogate's slope at what that pass saw, and a block's max pooling takes the pixels that it took,
 * so that differences of this pass are surrogate gradients, and ties of quantised weights stay ties
 */
export function referencePass(
  shape: NetworkShape,
  parameters: Parameters,
  images: Maps,
  activations: Activations,
  given: ReadonlyMap<string, Statistics> | null = null,
  tangent: ReferencePass | null = null,
): ReferencePass {
  const statistics = new Map<string, Statistics>();
  const beforeSign = new Map<string, Maps>();
  const beforePool = new Map<string, Maps>();

  const norm = (name: string, x: Maps) => {
    const used = given?.get(name) ?? reference.moments(x);
    statistics.set(name, used);
    return reference.normalize(x, used, parameters(`${name}.gamma`), parameters(`${name}.beta`));
  };
  const sign = (name: string, x: Maps): Maps => {
    beforeSign.set(name, x);
    const base = tangent?.beforeSign.get(name);
    if (!base) return reference.signs(x);
    const signs = reference.signs(base);
    const values = x.values.map(
      (v, i) => signs.values[i] + reference.signSlope(base.values[i]) * (v - base.values[i]),
    );
    return { shape: x.shape, values };
  };

  const maxPool = (name: string, x: Maps): Maps => {
    beforePool.set(name, x);
    return reference.maxPool(x, 2, tangent?.beforePool.get(name));
  };

  const { kernel, stride, output } = shape.stem.conv;
  const stem = parameters('stem.weight');
  let x = norm('stem.norm', reference.convolve(images, stem, kernel, output.channels, stride, 0));
  if (shape.stem.pool) x = reference.maxPool(x, 3);
  for (const block of shape.blocks) {
    const { name, conv, shortcut } = block;
    const outputs = conv.output.channels;
    const filter = parameters(`${name}.latent`);
    const shifted = reference.shifted(x, parameters(`${name}.shiftIn`));
    const product =
      activations === 'binary'
        ? reference.convolve(sign(name, shifted), filter, 3, outputs, conv.stride, -1)
        : reference.convolve(shifted, filter, 3, outputs, conv.stride, 0);
    const pooled = block.shortcut === 'none' && block.pool ? maxPool(name, product) : product;
    let residual = x;
    if (shortcut === 'none') residual = { ...pooled, values: pooled.values.map(() => 0) };
    if (shortcut === 'downsample') {
      const weight = parameters(`${name}.shortcut.weight`);
      const averages = reference.averagePool(x);
      residual = norm(
        `${name}.shortcut.norm`,
        reference.convolve(averages, weight, 1, outputs, 1, 0),
      );
    }
    x = reference.rprelu(
      norm(`${name}.norm`, pooled),
      residual,
      parameters(`${name}.shiftMid`),
      parameters(`${name}.slope`),
      parameters(`${name}.shiftOut`),
    );
  }
  const logits = reference.dense(
    reference.globalAverage(x),
    parameters('classifier.weight'),
    parameters('classifier.bias'),
  );
  return { logits, statistics, beforeSign, beforePool };
}
