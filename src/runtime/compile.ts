import { averageConstants } from '../model/integer.js';
import {
  type BlockShape,
  blockOutput,
  type ConvShape,
  isPooled,
  lastMap,
  type MapShape,
} from '../model/network.js';
import { inputConstants, type PackedBlock, type PackedModel } from '../model/packed.js';
import {
  type BinaryConv,
  type KernelKind,
  layBinaryConv,
  storedChannels,
  stripOf,
  type VectorBytes,
} from './binary-conv.js';
import { aligned, type Constants, newConstants } from './constants.js';
import { fastestKernel } from './kernel-choice.js';
import { filled, layDense, layRequantizer } from './layer-constants.js';
import {
  type Operation,
  type OperationName,
  operation,
  type Program,
  type ProgramMap,
} from './program.js';
import { fastestValueKernel, isValueKind, layValueConv, type ValueKind } from './value-conv.js';

export interface CompileOptions {
  readonly vector: VectorBytes;
  /** Computes every convolution of the activations that it is for this way; null: the fastest for each. */
  readonly kernel: KernelKind | ValueKind | null;
}

/** What is laid out so far, and the means to go on. */
interface Layout {
  readonly options: CompileOptions;
  readonly constants: Constants;
  readonly maps: readonly ProgramMap[];
  /** Room in the arena: its offset. */
  take(bytes: number): number;
  /** Room for activations, which take turns in three places: its offset. */
  place(map: MapShape): number;
  /** Names activations that lie at `offset` behind an operation. */
  activations(name: string, shape: MapShape, operation: number, offset: number): void;
  /** Names accumulators behind an operation. */
  accumulators(name: string, shape: MapShape, operation: number, place: ProgramMap['place']): void;
  /** Tells what a thread needs of its own. */
  scratch(bytes: number): void;
  /** Adds an operation: its number. */
  run(part: string, name: OperationName, fields: readonly number[]): number;
  finish(): Pick<Program, 'constants' | 'operations' | 'arenaBytes' | 'scratchBytes'>;
  stored(map: MapShape): number;
  bytes(map: MapShape, each: number): number;
}

const most = (sizes: readonly number[]) => sizes.reduce((a, b) => Math.max(a, b), 0);

/** @param largest bytes of the largest map of activations */
function newLayout(options: CompileOptions, largest: (layout: Layout) => number): Layout {
  const { vector } = options;
  const constants = newConstants();
  const operations: Operation[] = [];
  const maps: ProgramMap[] = [];
  const turns: number[] = [];
  let [arenaBytes, scratchBytes, turn] = [0, 0, 0];
  const layout: Layout = {
    options,
    constants,
    maps,
    take: (bytes) => {
      const at = arenaBytes;
      arenaBytes += aligned(bytes + vector);
      return at;
    },
    place: () => turns[turn++ % turns.length],
    activations: (name, shape, operation, offset) => {
      const stored = layout.stored(shape);
      maps.push({ name, shape, stored, kind: 'int16', operation, place: { offset } });
    },
    accumulators: (name, shape, operation, place) => {
      maps.push({ name, shape, stored: layout.stored(shape), kind: 'int32', operation, place });
    },
    scratch: (bytes) => {
      scratchBytes = Math.max(scratchBytes, aligned(bytes + 256));
    },
    run: (part, name, fields) => operations.push(operation(part, name, fields)) - 1,
    finish: () => ({ constants: constants.bytes(), operations, arenaBytes, scratchBytes }),
    stored: ({ channels }) => storedChannels(channels, vector),
    bytes: (map, each) => map.height * map.width * layout.stored(map) * each,
  };
  turns.push(...[0, 1, 2].map(() => layout.take(largest(layout))));
  return layout;
}

/** The words of `stem` and of `block` that say where their accumulators are kept. */
const sumsWord = { stem: 11, block: 2 } as const;

/** Pixels to activations. */
function compileStem(layout: Layout, { shape, stem, inputZero }: PackedModel) {
  const { constants } = layout;
  const { conv, pool, output } = shape.stem;
  const { height, width, channels } = conv.input;
  const pad = conv.kernel >> 1;
  const rowLength = (width + 2 * pad) * channels;
  const bytes = height * width * channels;
  const image = { offset: layout.take(bytes), bytes, shape: conv.input };
  const padded = layout.take((height + 2 * pad) * rowLength * 2);
  const zero = constants.add(inputZero);
  layout.run('stem', 'padImage', [image.offset, height, width, channels, pad, zero, padded]);

  const stored = layout.stored(conv.output);
  const size = [conv.output.height, conv.output.width];
  const x = layout.place(conv.output);
  layout.scratch(layout.bytes({ ...conv.output, height: 1 }, 4));
  const convolved = layout.run('stem', 'stem', [
    ...[padded, rowLength, conv.stride * channels, conv.stride * rowLength, ...size],
    ...layDense(stem.weight, conv.output.channels, conv.kernel, stored, constants),
    -1,
    ...layRequantizer(stem.requantizer, stored, constants),
    x,
  ]);
  layout.accumulators('stem.conv', conv.output, convolved, { word: sumsWord.stem });
  if (!pool) {
    layout.activations('stem', output, convolved, x);
    return { image, x };
  }
  const pooled = layout.place(output);
  const last = layout.run('stem', 'maxPool', [x, 3, ...size, stored, pooled]);
  layout.activations('stem', output, last, pooled);
  return { image, x: pooled };
}

/** A block's shortcut: its offset, or -1 where there is none, and the operation that computes it. */
function compileShortcut(
  layout: Layout,
  block: PackedBlock,
  shape: BlockShape,
  x: number,
): { readonly offset: number; readonly operation: number | null } {
  if (shape.shortcut === 'none') return { offset: -1, operation: null };
  if (!block.shortcut) return { offset: x, operation: null };
  const { constants } = layout;
  const { weight, requantizer } = block.shortcut;
  const { input, output } = shape.conv;
  const stored = layout.stored(output);
  const offset = layout.place(output);
  const row = { ...output, height: 1 };
  layout.scratch(layout.bytes(row, 4) + layout.bytes({ ...row, channels: input.channels }, 2));
  const operation = layout.run(shape.name, 'downsample', [
    ...[x, input.height, input.width, layout.stored(input)],
    ...layDense(weight, output.channels, 1, stored, constants),
    ...layRequantizer(requantizer, stored, constants),
    offset,
  ]);
  return { offset, operation };
}

/** Where the codes of binary convolutions go, before and after they are transposed. */
interface Codes {
  readonly plain: number;
  readonly transposed: number;
}

/** One block on the activations at `x`: where its output lies. */
function compileBlock(
  layout: Layout,
  block: PackedBlock,
  shape: BlockShape,
  binary: BinaryConv,
  codes: Codes,
  x: number,
): number {
  const { constants } = layout;
  const { name, conv } = shape;
  const output = blockOutput(shape);
  const stored = layout.stored(output);
  const seen = filled(inputConstants(block.input), layout.stored(conv.input), 32767);
  const transposed = binary.transposedBytes > 0;
  const encode = [x, constants.add(seen), codes.plain, transposed ? codes.transposed : -1];
  layout.scratch(layout.bytes({ ...conv.input, height: 1, width: conv.input.width + 2 }, 1));
  layout.run(name, 'encode', [...encode, ...binary.fields]);
  if (transposed) layout.run(name, 'transpose', [...encode, ...binary.fields]);
  const encoded = transposed ? codes.transposed : codes.plain;
  const activation = [
    ...layRequantizer(block.requantizer, stored, constants),
    constants.add(filled(block.slope, stored)),
    constants.add(filled(block.shiftOut, stored)),
  ];
  layout.scratch(binary.scratchBytes + 4 * stripOf(layout.options.vector) * stored);

  if (isPooled(shape)) {
    const sums = layout.take(layout.bytes(conv.output, 4));
    const convolved = layout.run(name, 'convolve', [encoded, sums, ...binary.fields]);
    layout.accumulators(`${name}.conv`, conv.output, convolved, { offset: sums });
    const most = layout.take(layout.bytes(output, 4));
    const size = [conv.output.height, conv.output.width, stored];
    const pooled = layout.run(name, 'maxPoolSums', [sums, 2, ...size, most]);
    layout.accumulators(`${name}.pool`, output, pooled, { offset: most });
    const y = layout.place(output);
    const positions = output.height * output.width;
    const last = layout.run(name, 'activate', [most, -1, positions, stored, ...activation, y]);
    layout.activations(name, output, last, y);
    return y;
  }
  const shortcut = compileShortcut(layout, block, shape, x);
  const y = layout.place(output);
  const fields = [encoded, -1, shortcut.offset, ...activation, y, ...binary.fields];
  const last = layout.run(name, 'block', fields);
  layout.accumulators(`${name}.conv`, conv.output, last, { word: sumsWord.block });
  if (shortcut.operation !== null) {
    layout.activations(`${name}.shortcut`, output, shortcut.operation, shortcut.offset);
  }
  layout.activations(name, output, last, y);
  return y;
}

function layConv(
  { conv, input }: PackedBlock,
  shape: ConvShape,
  { options: { vector, kernel }, constants }: Layout,
): BinaryConv {
  switch (input.activations) {
    case 'binary': {
      const kind =
        kernel !== null && !isValueKind(kernel) ? kernel : fastestKernel(conv, shape, vector);
      return layBinaryConv(kind, conv, shape, input.padding, vector, constants);
    }
    case 'real': {
      const kind =
        kernel !== null && isValueKind(kernel) ? kernel : fastestValueKernel(conv, shape, vector);
      return layValueConv(kind, conv, shape, vector, constants);
    }
  }
}

/** Global average and classifier: where the logits lie. */
function compileClassifier(layout: Layout, { shape, classifier }: PackedModel, x: number) {
  const { constants } = layout;
  const vectorOf = (channels: number): MapShape => ({ height: 1, width: 1, channels });
  const last = lastMap(shape);
  const positions = last.height * last.width;
  const { shift, reciprocal } = averageConstants(positions);
  const pool = layout.take(layout.bytes(vectorOf(last.channels), 2));
  const averaged = layout.run('classifier', 'average', [
    ...[x, positions, layout.stored(last), shift, reciprocal, pool],
  ]);
  layout.activations('pool', vectorOf(last.channels), averaged, pool);

  const { classes } = shape.classifier;
  const map = vectorOf(classes);
  const stored = layout.stored(map);
  const offset = layout.take(4 * stored);
  const classified = layout.run('classifier', 'classify', [
    ...[pool, constants.add(filled(classifier.bias, stored))],
    ...layDense(classifier.weight, classes, 1, stored, constants),
    offset,
  ]);
  layout.accumulators('logits', map, classified, { offset });
  return { name: 'logits', shape: map, stored, offset, kind: 'int32' } as const;
}

/** Compiles a packed model for the kernels of `options.vector`. */
export function compile(model: PackedModel, options: CompileOptions): Program {
  const { stem, blocks } = model.shape;
  const outputs = [stem.conv.output, stem.output, ...blocks.map(blockOutput)];
  const layout = newLayout(options, ({ bytes }) => most(outputs.map((map) => bytes(map, 2))));
  const { image, x: stemOutput } = compileStem(layout, model);

  const before = layout.constants.size();
  const binary = model.blocks.map((block, i) => layConv(block, blocks[i].conv, layout));
  const binaryBytes = layout.constants.size() - before;
  const codes = {
    plain: layout.take(most(binary.map(({ codeBytes }) => codeBytes))),
    transposed: layout.take(most(binary.map(({ transposedBytes }) => transposedBytes))),
  };
  const x = model.blocks.reduce(
    (from, block, i) => compileBlock(layout, block, blocks[i], binary[i], codes, from),
    stemOutput,
  );
  const logits = compileClassifier(layout, model, x);
  return {
    vector: options.vector,
    image,
    logits,
    maps: layout.maps,
    binaryBytes,
    ...layout.finish(),
  };
}
