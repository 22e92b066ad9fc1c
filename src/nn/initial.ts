import type { RandomStream } from '../util/random.js';
import { stream } from '../util/random.js';
import type { Layout, Parameter } from './layout.js';

/** Standard deviation of latent weights at the start; their mean is zero. */
export const latentDeviation = 0.01;

/** PReLU's slope at the start. */
const initialSlope = 0.25;

/**
 * Parameters of an untrained network. Every tensor draws from its own stream of `seed`: latents
 * N(0, 0.01^2), real weights N(0, 2 / fan-in) (He et al., ICCV 2015), gammas 1, slopes 0.25, all
 * else 0.
 */
export function initialParameters(layout: Layout, seed: number): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const parameter of layout.parameters.values()) {
    const { offset, size } = parameter;
    const draw = initialValue(parameter, stream(seed, 'initial', parameter.name));
    for (let i = offset; i < offset + size; i++) flat[i] = draw();
  }
  return flat;
}

function initialValue({ role, name, shape, size }: Parameter, random: RandomStream): () => number {
  switch (role) {
    case 'latent':
      return () => latentDeviation * random.normal();
    case 'weight': {
      const fanIn = size / (shape.at(-1) ?? 1);
      return () => Math.sqrt(2 / fanIn) * random.normal();
    }
    case 'affine':
      if (name.endsWith('.gamma')) return () => 1;
      if (name.endsWith('.slope')) return () => initialSlope;
      return () => 0;
  }
}
