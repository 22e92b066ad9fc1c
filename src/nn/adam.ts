/** State of Adam (Kingma and Ba, ICLR 2015) over one flat vector. */
export interface AdamState {
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Steps taken. */
  readonly steps: number;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

export function initialAdam(size: number): AdamState {
  return { first: new Float32Array(size), second: new Float32Array(size), steps: 0 };
}

/**
 * One Adam step: updates `values` and the moments of `state` in place and returns the state that
 * follows.
 *
 * @param rate learning rate of this step
 */
export function adamStep(
  values: Float32Array,
  gradients: Float32Array,
  state: AdamState,
  rate: number,
): AdamState {
  const { first, second } = state;
  const steps = state.steps + 1;
  const scale1 = 1 / (1 - beta1 ** steps);
  const scale2 = 1 / (1 - beta2 ** steps);
  for (let i = 0; i < values.length; i++) {
    const gradient = gradients[i];
    first[i] = beta1 * first[i] + (1 - beta1) * gradient;
    second[i] = beta2 * second[i] + (1 - beta2) * gradient * gradient;
    values[i] -= (rate * (first[i] * scale1)) / (Math.sqrt(second[i] * scale2) + epsilon);
  }
  return { first, second, steps };
}
