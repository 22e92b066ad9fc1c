import type { SavedTensor } from '../../src/fuzz/torch-files.js';
import type { TrainedBinaryNetwork, TrainedNorm } from '../../src/model/trained.js';

/** [Cout, K, K, Cin] -> [Cout, Cin, K, K]. */
function channelsFirst(weight: Float32Array, outputs: number, inputs: number): Float32Array {
  const taps = weight.length / (outputs * inputs);
  return Float32Array.from({ length: weight.length }, (_, i) => {
    const tap = i % taps;
    const c = Math.floor(i / taps) % inputs;
    const o = Math.floor(i / (taps * inputs));
    return weight[(o * taps + tap) * inputs + c];
  });
}

/**
 * The state dict that the authors' module of this Bi-Real network would save: latents of alpha's
 * magnitude with the signs of their members, and subsets of latents +-0.7.
 */
export function stateDictOf(network: TrainedBinaryNetwork): Map<string, SavedTensor> {
  const saved = new Map<string, SavedTensor>();
  const add = (name: string, shape: readonly number[], values: SavedTensor['values']) =>
    saved.set(`module.${name}`, { shape, values });
  const addNorm = (name: string, { gamma, beta, mean, variance }: TrainedNorm) => {
    const fields = { weight: gamma, bias: beta, running_mean: mean, running_var: variance };
    for (const [field, values] of Object.entries(fields))
      add(`${name}.${field}`, [values.length], values);
    add(`${name}.num_batches_tracked`, [], BigInt64Array.of(5n));
  };
  const addShift = (name: string, values: Float32Array) =>
    add(`${name}.bias`, [1, values.length, 1, 1], values);
  const { shape, stem, classifier } = network;
  const { kernel, input, output } = shape.stem.conv;
  add(
    'conv1.weight',
    [output.channels, input.channels, kernel, kernel],
    channelsFirst(stem.weight, output.channels, input.channels),
  );
  addNorm('bn1', stem.norm);
  network.blocks.forEach((block, i) => {
    const { name, conv } = shape.blocks[i];
    const [, stage, index] = /stage(\d+)\.block(\d+)/.exec(name) ?? [];
    const at = `layer${Number(stage) + 1}.${index}`;
    const [inputs, outputs] = [conv.input.channels, conv.output.channels];
    const { members, indices, alpha, tau } = block.conv;
    const sign = (code: number, j: number) => ((code >> j) & 1 ? 1 : -1);
    addShift(`${at}.move0`, block.shiftIn);
    add(
      `${at}.binary_conv.weight`,
      [outputs, inputs, 3, 3],
      Float32Array.from({ length: 9 * indices.length }, (_, w) => {
        const kernelAt = Math.floor(w / 9);
        return (
          sign(members[indices[kernelAt]], w % 9) * Math.abs(alpha[Math.floor(kernelAt / inputs)])
        );
      }),
    );
    add(
      `${at}.binary_conv.binarize.patterns`,
      [2 ** tau, 9],
      Float32Array.from(
        { length: 9 * members.length },
        (_, p) => 0.7 * sign(members[Math.floor(p / 9)], p % 9),
      ),
    );
    addNorm(`${at}.bn1`, block.norm);
    addShift(`${at}.move1`, block.shiftMid);
    add(`${at}.prelu.weight`, [outputs], block.slope);
    addShift(`${at}.move2`, block.shiftOut);
    if (block.shortcut) {
      add(`${at}.downsample.1.weight`, [outputs, inputs, 1, 1], block.shortcut.weight);
      addNorm(`${at}.downsample.2`, block.shortcut.norm);
    }
  });
  add('fc.weight', [shape.classifier.classes, shape.classifier.inputs], classifier.weight);
  add('fc.bias', [shape.classifier.classes], classifier.bias);
  return saved;
}
