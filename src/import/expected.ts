import { type Architecture, layOut, type NetworkShape } from '../model/network.js';
import { type BlockPlace, type KeyMap, keyAt } from './key-map.js';
import { isFloat, type StoredTensor } from './tensor.js';

type Tensors = ReadonlyMap<string, StoredTensor>;

/** A tensor that a network needs. */
export interface ExpectedTensor {
  readonly key: string;
  /** Its sizes; null: 2^tau members for any tau of 1..9. */
  readonly shape: readonly (number | null)[];
  /** Whether one value for all channels will do. */
  readonly shared: boolean;
  /** `stem`, `stage0.block0`, ..., `classifier`. */
  readonly part: string;
}

/** Most blocks and stages that are looked for. */
const limit = { stages: 16, blocks: 256 } as const;

/** What of a checkpoint a key map finds: the network's form and all tensors that it then needs. */
export interface Expectation {
  readonly shape: NetworkShape;
  /** Blocks of each stage. */
  readonly stages: readonly number[];
  readonly places: readonly BlockPlace[];
  /** Whether subsets are expected: any block has one. */
  readonly subsets: boolean;
  readonly tensors: readonly ExpectedTensor[];
}

/** Blocks of each stage by the keys that are there. */
function countByKeys({ block }: KeyMap, tensors: Tensors): number[] {
  const stages: number[] = [];
  let index = 0;
  const has = (stage: number, b: number) =>
    tensors.has(keyAt(block.weight, { stage, block: b, index }));
  while (stages.length < limit.stages && has(stages.length, 0)) {
    let blocks = 0;
    while (index < limit.blocks && has(stages.length, blocks)) {
      blocks++;
      index++;
    }
    stages.push(blocks);
  }
  return stages;
}

/** Blocks of each stage by the outputs of the blocks, which are counted through. */
function countByChannels({ block }: KeyMap, tensors: Tensors, width: number): number[] {
  const stages: number[] = [];
  for (let index = 0; index < limit.blocks; index++) {
    const found = tensors.get(keyAt(block.weight, { stage: 0, block: 0, index }));
    const stage = found ? Math.round(Math.log2((found.shape[0] ?? width) / width)) : -1;
    if (stage < 0 || stage >= limit.stages) break;
    while (stages.length <= stage) stages.push(0);
    stages[stage]++;
  }
  return stages;
}

function expect(part: string, key: string, shape: ExpectedTensor['shape']): ExpectedTensor {
  return { key, shape, shared: false, part };
}

function normTensors(key: string, channels: number, part: string): ExpectedTensor[] {
  return ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    expect(part, `${key}.${name}`, [channels]),
  );
}

function blockTensors(
  { block: keys }: KeyMap,
  { name, conv, shortcut }: NetworkShape['blocks'][number],
  place: BlockPlace,
  subsets: boolean,
): ExpectedTensor[] {
  const [inputs, outputs] = [conv.input.channels, conv.output.channels];
  const one = (
    template: string | null,
    shape: ExpectedTensor['shape'],
    shared = false,
  ): ExpectedTensor[] =>
    template === null ? [] : [{ key: keyAt(template, place), shape, shared, part: name }];
  return [
    ...one(keys.shiftIn, [inputs]),
    ...one(keys.weight, [outputs, inputs, 3, 3]),
    ...(subsets ? one(keys.subset, [null, 9]) : []),
    ...normTensors(keyAt(keys.norm, place), outputs, name),
    ...one(keys.shiftMid, [outputs]),
    ...one(keys.slope, [outputs], true),
    ...one(keys.shiftOut, [outputs]),
    ...(shortcut === 'downsample' && keys.shortcut
      ? [
          ...one(keys.shortcut.weight, [outputs, inputs, 1, 1]),
          ...normTensors(keyAt(keys.shortcut.norm, place), outputs, name),
        ]
      : []),
  ];
}

/**
 * What a network of a key map needs, its sizes read off the tensors that are there: width, kernel and
 * image channels of the stem, blocks of each stage, classes.
 *
 * @param wanted blocks of each stage that there must be; null: as many as there are
 * @param image side of the images, which no tensor tells
 */
export function expectedTensors(
  map: KeyMap,
  tensors: Tensors,
  wanted: readonly number[] | null,
  image: number,
): Expectation {
  const [width = 1, channels = 3, kernel = 3] = tensors.get(map.stem.weight)?.shape ?? [];
  const [classes = 1] = tensors.get(map.classifier.weight)?.shape ?? [];
  const found = /\{(stage|block)/.test(map.block.weight)
    ? countByKeys(map, tensors)
    : countByChannels(map, tensors, width);
  const stages = wanted ?? found;
  const architecture: Architecture = {
    family: map.family,
    stages,
    width,
    stem: { kernel: kernel === 7 ? 7 : 3, stride: map.stem.stride, pool: map.stem.pool },
  };
  const shape = layOut(architecture, { height: image, width: image, channels }, classes);
  const places = stages
    .flatMap((count, stage) => Array.from({ length: count }, (_, block) => ({ stage, block })))
    .map((place, index): BlockPlace => ({ ...place, index }));
  const { subset } = map.block;
  const subsets = subset !== null && places.some((place) => tensors.has(keyAt(subset, place)));
  const { inputs } = shape.classifier;
  const stemSize = architecture.stem.kernel;
  return {
    shape,
    stages,
    places,
    subsets,
    tensors: [
      expect('stem', map.stem.weight, [width, channels, stemSize, stemSize]),
      ...normTensors(map.stem.norm, width, 'stem'),
      ...shape.blocks.flatMap((block, i) => blockTensors(map, block, places[i], subsets)),
      expect('classifier', map.classifier.weight, [classes, inputs]),
      ...(map.classifier.bias === null
        ? []
        : [expect('classifier', map.classifier.bias, [classes])]),
    ],
  };
}

const axisOf = (size: number | null) => (size === null ? '2^tau' : String(size));

/** `[64, 3, 7, 7]`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map(axisOf).join(', ')}]`;
}

/** Sizes without the axes of one element, which frameworks add at will: [1, 64, 1, 1] is [64]. */
function essential(shape: readonly (number | null)[]): (number | null)[] {
  return shape.filter((size) => size !== 1);
}

function isMemberCount(size: number | null): boolean {
  return size !== null && Number.isInteger(Math.log2(size)) && size >= 2 && size <= 512;
}

/** Whether a tensor's sizes are those expected, or all of its elements lie on one axis. */
function fits(
  { shape, shared }: Pick<ExpectedTensor, 'shape' | 'shared'>,
  found: readonly number[],
) {
  const [wanted, given] = [essential(shape), essential(found)];
  if (shared && given.length === 0) return true;
  const flat = wanted.reduce<number>((product, size) => product * (size ?? 0), 1);
  if (wanted.length > 1 && given.length === 1 && given[0] === flat) return true;
  return (
    wanted.length === given.length &&
    wanted.every((size, axis) =>
      size === null ? isMemberCount(given[axis]) : size === given[axis],
    )
  );
}

/** Why a tensor is not what is expected; null: it is. */
export function misfit(expected: ExpectedTensor, found: StoredTensor): string | null {
  if (!isFloat(found)) return `is of ${found.type}, not of floats`;
  if (fits(expected, found.shape)) return null;
  return `is ${shapeText(found.shape)}, not ${shapeText(expected.shape)}`;
}
