import { type BlockShape, type ConvShape, isPooled, type MapShape } from '../network.js';
import { affineOf } from '../pack-parts.js';
import type { TrainedNorm, TrainedRealNetwork } from '../trained.js';
import { type Builder, newBuilder } from './builder.js';
import type { OnnxGraph } from './graph.js';

type RealBlock = TrainedRealNetwork['blocks'][number];

/** A convolution's weights [Cout, kernel, kernel, Cin] and biases [Cout]. */
interface Affine {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Weights and the norm behind them as one: each output's weights times its norm's slope. */
function fold(weight: Float32Array, norm: TrainedNorm): Affine {
  const { slope, offset } = affineOf(norm);
  const each = weight.length / slope.length;
  return {
    weight: weight.map((value, i) => value * slope[Math.floor(i / each)]),
    bias: Float32Array.from(offset),
  };
}

function convolution(
  graph: Builder,
  name: string,
  x: string,
  { kernel, stride, input }: Pick<ConvShape, 'kernel' | 'stride' | 'input'>,
  { weight, bias }: Affine,
): string {
  const [outputs, inputs, taps] = [bias.length, input.channels, kernel ** 2];
  const laid = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let c = 0; c < inputs; c++) {
        laid[(o * inputs + c) * taps + tap] = weight[(o * taps + tap) * inputs + c];
      }
    }
  }
  const constants = [
    graph.constant(`${name}.weight`, [outputs, inputs, kernel, kernel], laid),
    graph.constant(`${name}.bias`, [outputs], bias),
  ];
  return graph.run(name, 'Conv', [x, ...constants], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: new Array(4).fill(kernel >> 1),
  });
}

/** 2x2 pooling of stride 2; windows at the edge of an odd map take what they have. */
function halve(
  graph: Builder,
  name: string,
  type: 'MaxPool' | 'AveragePool',
  x: string,
  { height, width }: MapShape,
): string {
  const pads = [0, 0, height % 2, width % 2];
  return graph.run(name, type, [x], { kernel_shape: [2, 2], strides: [2, 2], pads });
}

const isZero = (values: Float32Array) => values.every((value) => value === 0);

/** Adds a number to every channel, unless all are 0. */
function shifted(graph: Builder, name: string, x: string, shift: Float32Array): string {
  if (isZero(shift)) return x;
  return graph.run(name, 'Add', [
    x,
    graph.constant(`${name}.shift`, [1, shift.length, 1, 1], shift),
  ]);
}

/** PReLU, or plain ReLU where every slope is 0. */
function rectified(graph: Builder, name: string, x: string, slope: Float32Array): string {
  if (isZero(slope)) return graph.run(name, 'Relu', [x]);
  const slopes = graph.constant(`${name}.slope`, [slope.length, 1, 1], slope);
  return graph.run(name, 'PRelu', [x, slopes]);
}

function normalized(graph: Builder, name: string, x: string, norm: TrainedNorm): string {
  const { gamma, beta, mean, variance } = norm;
  const constants = Object.entries({ gamma, beta, mean, variance }).map(([part, values]) =>
    graph.constant(`${name}.${part}`, [values.length], values),
  );
  return graph.run(name, 'BatchNormalization', [x, ...constants]);
}

/** norm(pool(conv(x))) + shiftMid; without pooling, all in one convolution. */
function branch(graph: Builder, block: RealBlock, shape: BlockShape, x: string): string {
  const { name, conv } = shape;
  const { weight } = block.conv;
  const norm = { ...block.norm, beta: block.norm.beta.map((b, o) => b + block.shiftMid[o]) };
  if (!isPooled(shape)) return convolution(graph, `${name}.conv`, x, conv, fold(weight, norm));
  const bias = new Float32Array(conv.output.channels);
  const sums = convolution(graph, `${name}.conv`, x, conv, { weight, bias });
  return normalized(
    graph,
    `${name}.norm`,
    halve(graph, `${name}.pool`, 'MaxPool', sums, conv.output),
    norm,
  );
}

/** What is added to a block's branch. */
function shortcut(graph: Builder, block: RealBlock, { name, conv }: BlockShape, x: string): string {
  if (!block.shortcut) return x;
  const { weight, norm } = block.shortcut;
  const pooled = halve(graph, `${name}.average`, 'AveragePool', x, conv.input);
  const single = { kernel: 1, stride: 1, input: conv.input } as const;
  return convolution(graph, `${name}.shortcut`, pooled, single, fold(weight, norm));
}

function realBlock(graph: Builder, block: RealBlock, shape: BlockShape, x: string): string {
  const { name } = shape;
  const seen = shifted(graph, `${name}.seen`, x, block.shiftIn);
  const through = branch(graph, block, shape, seen);
  const sum =
    shape.shortcut === 'none'
      ? through
      : graph.run(`${name}.sum`, 'Add', [through, shortcut(graph, block, shape, x)]);
  const active = rectified(graph, `${name}.active`, sum, block.slope);
  return shifted(graph, name, active, block.shiftOut);
}

/** Pixels to activations; the scaling of the input lies in the weights, and its zero is taken off first. */
function stem(graph: Builder, { shape, stem, input }: TrainedRealNetwork, pixels: string): string {
  const { conv, pool } = shape.stem;
  const { channels } = conv.input;
  const zero = Float32Array.from(input.zero, (value) => -value);
  const centred = shifted(graph, 'stem.centred', pixels, zero);
  const weight = stem.weight.map((value, i) => value / input.scale[i % channels]);
  const x = convolution(graph, 'stem.conv', centred, conv, fold(weight, stem.norm));
  if (!pool) return x;
  return graph.run('stem', 'MaxPool', [x], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  });
}

/**
 * A trained real-valued network as an ONNX graph of operator set 17, norms folded into convolutions: from
 * `pixels`, float32 [images, channels, height, width] of 0..255, to `logits`, [images, classes].
 */
export function realNetworkGraph(network: TrainedRealNetwork): OnnxGraph {
  const { shape, blocks, classifier } = network;
  const { input } = shape;
  const { inputs, classes } = shape.classifier;
  const graph = newBuilder();
  const last = blocks.reduce(
    (x, block, i) => realBlock(graph, block, shape.blocks[i], x),
    stem(graph, network, 'pixels'),
  );
  const average = graph.run('pool', 'GlobalAveragePool', [last]);
  const flat = graph.run('pool.flat', 'Flatten', [average]);
  const constants = [
    graph.constant('classifier.weight', [classes, inputs], classifier.weight),
    graph.constant('classifier.bias', [classes], classifier.bias),
  ];
  graph.run('logits', 'Gemm', [flat, ...constants], { transB: 1 });
  return {
    name: 'network',
    inputs: [{ name: 'pixels', shape: ['images', input.channels, input.height, input.width] }],
    outputs: [{ name: 'logits', shape: ['images', classes] }],
    constants: graph.constants,
    nodes: graph.nodes,
  };
}
