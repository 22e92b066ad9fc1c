import type { BlockShape, NetworkShape } from '../model/network.js';
import type { TrainedNetwork, TrainedNorm } from '../model/trained.js';
import { channelScales, writeQuantizedWeights } from '../subbit/quantize.js';
import { membersOf } from '../subbit/subset.js';
import { type Layout, layoutOf, normStatistics, view } from './layout.js';
import type { TrainingState } from './state.js';

/** [rows, columns] -> [columns, rows]; filters [k, k, Cin, Cout] -> [Cout, k, k, Cin] likewise. */
function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column];
    }
  }
  return result;
}

function normOf(
  layout: Layout,
  { parameters, statistics }: TrainingState,
  name: string,
): TrainedNorm {
  const { channels, meanOffset, varianceOffset } = normStatistics(layout, name);
  return {
    gamma: view(layout, parameters, `${name}.gamma`).slice(),
    beta: view(layout, parameters, `${name}.beta`).slice(),
    mean: statistics.slice(meanOffset, meanOffset + channels),
    variance: statistics.slice(varianceOffset, varianceOffset + channels),
  };
}

/** A block's 3x3 convolution; in a state without subsets its weights are real. */
function convOf(
  layout: Layout,
  { parameters, subsets }: TrainingState,
  { name, conv }: BlockShape,
): TrainedNetwork['blocks'][number]['conv'] {
  const latents = view(layout, parameters, `${name}.latent`);
  const outputs = conv.output.channels;
  if (subsets.size === 0) return { kind: 'real', weight: transposed(latents, outputs) };
  const layer = subsets.get(name);
  if (!layer) throw new Error(`the training state has no subset of ${name}`);
  return {
    kind: 'binary',
    tau: layer.subset.tau,
    structure: layer.subset.structure,
    members: membersOf(layer.subset),
    indices: layer.indices.slice(),
    alpha: channelScales(latents, outputs),
  };
}

/**
 * The inference form of a training state whose indices are those of its latents (behind a
 * quantisation).
 */
export function trainedNetwork(
  shape: NetworkShape,
  state: TrainingState,
  { input, classes, activations }: Pick<TrainedNetwork, 'input' | 'classes' | 'activations'>,
): TrainedNetwork {
  const layout = layoutOf(shape);
  const get = (name: string) => view(layout, state.parameters, name);

  const blocks = shape.blocks.map((block) => {
    const { name, conv, shortcut } = block;
    const outChannels = conv.output.channels;
    return {
      shiftIn: get(`${name}.shiftIn`).slice(),
      conv: convOf(layout, state, block),
      norm: normOf(layout, state, `${name}.norm`),
      shortcut:
        shortcut === 'downsample'
          ? {
              weight: transposed(get(`${name}.shortcut.weight`), outChannels),
              norm: normOf(layout, state, `${name}.shortcut.norm`),
            }
          : null,
      shiftMid: get(`${name}.shiftMid`).slice(),
      slope: get(`${name}.slope`).slice(),
      shiftOut: get(`${name}.shiftOut`).slice(),
    };
  });
  return {
    shape,
    input,
    classes,
    activations,
    padding: 'minus-one',
    stem: {
      weight: transposed(get('stem.weight'), shape.stem.conv.output.channels),
      norm: normOf(layout, state, 'stem.norm'),
    },
    blocks,
    classifier: {
      weight: transposed(get('classifier.weight'), shape.classifier.classes),
      bias: get('classifier.bias').slice(),
    },
  };
}

/** Flat vectors that an engine runs a trained network with. */
export interface EngineForm {
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
}

/** A trained network in the engine's form: the inverse of {@link trainedNetwork}. */
export function engineForm({ shape, stem, blocks, classifier }: TrainedNetwork): EngineForm {
  const layout = layoutOf(shape);
  const parameters = new Float32Array(layout.size);
  const statistics = new Float32Array(layout.statisticsSize);
  const set = (name: string, values: Float32Array) => view(layout, parameters, name).set(values);
  const setNorm = (name: string, norm: TrainedNorm) => {
    const { meanOffset, varianceOffset } = normStatistics(layout, name);
    set(`${name}.gamma`, norm.gamma);
    set(`${name}.beta`, norm.beta);
    statistics.set(norm.mean, meanOffset);
    statistics.set(norm.variance, varianceOffset);
  };
  const rowMajor = (values: Float32Array, rows: number) => transposed(values, values.length / rows);

  set('stem.weight', rowMajor(stem.weight, shape.stem.conv.output.channels));
  setNorm('stem.norm', stem.norm);
  blocks.forEach((block, i) => {
    const { name, conv } = shape.blocks[i];
    if (block.conv.kind === 'real') {
      set(`${name}.latent`, rowMajor(block.conv.weight, conv.output.channels));
    } else {
      const { members, indices, alpha } = block.conv;
      writeQuantizedWeights(members, indices, alpha, view(layout, parameters, `${name}.latent`));
    }
    setNorm(`${name}.norm`, block.norm);
    if (block.shortcut) {
      set(`${name}.shortcut.weight`, rowMajor(block.shortcut.weight, conv.output.channels));
      setNorm(`${name}.shortcut.norm`, block.shortcut.norm);
    }
    set(`${name}.shiftIn`, block.shiftIn);
    set(`${name}.shiftMid`, block.shiftMid);
    set(`${name}.slope`, block.slope);
    set(`${name}.shiftOut`, block.shiftOut);
  });
  set('classifier.weight', rowMajor(classifier.weight, shape.classifier.classes));
  set('classifier.bias', classifier.bias);
  return { parameters, statistics };
}
