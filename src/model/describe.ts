import { entropyOf, useOf } from '../subbit/record.js';
import type { Coding } from './container/indices.js';
import type { FileLayout, ModelFile } from './container/read.js';
import { type BinaryCost, layerCost } from './cost.js';
import {
  type BlockShape,
  blockOutput,
  type ConvShape,
  isPooled,
  type MapShape,
} from './network.js';
import { activationsOf, modelSight, type PackedBinaryConv, type Provenance } from './packed.js';
import { type ModelSize, modelSize, storedBits, storedMembers } from './size.js';
import type { Activations, Padding } from './trained.js';

/** The subset of a binary layer and its use. All figures are counted. */
export interface SubsetDescription {
  readonly tau: number;
  readonly structure: 'free' | 'antipodal';
  /** Kernel code of each member, by index. */
  readonly codes: readonly number[];
  /** Kernels that name each member, by index. */
  readonly use: readonly number[];
  /** Members that at least one index names. */
  readonly used: number;
  /** Of the indices, in bits. */
  readonly entropy: number;
  /** How the file holds the indices. */
  readonly coding: Coding;
}

/** One layer with weights. All figures are counted. */
export interface LayerDescription {
  readonly name: string;
  /** `binary 3x3`, `8-bit 1x1`, ... */
  readonly kind: string;
  readonly stride: number;
  readonly input: MapShape;
  readonly output: MapShape;
  readonly weights: number;
  /** Bits of its weights in the file; for a binary layer indices as they are coded, and subset. */
  readonly weightBits: number;
  /** Multiply-accumulates an image, of a binary layer those of its plain convolution. */
  readonly multiplyAccumulates: number;
  /** Null for layers of real weights. */
  readonly binary: {
    readonly subset: SubsetDescription;
    /** By the rules of the published tables. */
    readonly cost: BinaryCost;
  } | null;
}

/** What a packed model is, for a person or a program to read. */
export interface ModelDescription {
  readonly name: string;
  readonly provenance: Provenance;
  readonly image: MapShape;
  readonly classes: readonly string[];
  readonly fractionBits: number;
  /** What the binary layers see: bits, or int16. */
  readonly activations: Activations;
  /** What they see beyond the edge of a map. */
  readonly padding: Padding;
  readonly layers: readonly LayerDescription[];
  readonly size: ModelSize;
  /** Bits of the file for its binary weights: indices as they are coded, and subsets. */
  readonly storedBits: number;
  /** tau / 9 as a mean, and what the file takes; null without binary layers. */
  readonly bitsPerBinaryWeight: { readonly nominal: number; readonly stored: number } | null;
  readonly file: FileLayout;
}

function multiplyAccumulates({ kernel, input, output }: ConvShape): number {
  return kernel ** 2 * input.channels * output.channels * output.height * output.width;
}

function describeBinary(
  block: BlockShape,
  conv: PackedBinaryConv,
  activations: Activations,
  stored: FileLayout['indices'][number],
): LayerDescription {
  const { tau, structure, indices, members } = conv;
  const use = useOf(indices, members.length);
  return {
    name: block.name,
    kind: `binary 3x3${isPooled(block) ? ', pooled' : ''}`,
    stride: block.conv.stride,
    input: block.conv.input,
    output: blockOutput(block),
    weights: indices.length * 9,
    weightBits: stored.bytes * 8 + storedMembers(conv) * 9,
    multiplyAccumulates: multiplyAccumulates(block.conv),
    binary: {
      subset: {
        tau,
        structure,
        codes: Array.from(members),
        use,
        used: use.filter((count) => count > 0).length,
        entropy: entropyOf(use),
        coding: stored.coding,
      },
      cost: layerCost(block, { tau, structure, activations }),
    },
  };
}

function describeLayers({ model, layout }: ModelFile): LayerDescription[] {
  const { shape, blocks, stem, classifier } = model;
  const { conv } = shape.stem;
  const vector = (channels: number): MapShape => ({ height: 1, width: 1, channels });
  return [
    {
      name: 'stem',
      kind: `16-bit ${conv.kernel}x${conv.kernel}${shape.stem.pool ? ', pooled' : ''}`,
      stride: conv.stride,
      input: conv.input,
      output: shape.stem.output,
      weights: stem.weight.length,
      weightBits: stem.weight.length * 16,
      multiplyAccumulates: multiplyAccumulates(conv),
      binary: null,
    },
    ...shape.blocks.flatMap((block, i): LayerDescription[] => {
      const binary = describeBinary(block, blocks[i].conv, activationsOf(model), layout.indices[i]);
      const { shortcut } = blocks[i];
      if (!shortcut) return [binary];
      const real = {
        name: `${block.name}.shortcut`,
        kind: '8-bit 1x1',
        stride: block.conv.stride,
        input: block.conv.input,
        output: block.conv.output,
        weights: shortcut.weight.length,
        weightBits: shortcut.weight.length * 8,
        multiplyAccumulates: multiplyAccumulates({ ...block.conv, kernel: 1 }),
        binary: null,
      };
      return [binary, real];
    }),
    {
      name: 'classifier',
      kind: '8-bit matrix',
      stride: 1,
      input: vector(shape.classifier.inputs),
      output: vector(shape.classifier.classes),
      weights: classifier.weight.length,
      weightBits: classifier.weight.length * 8,
      multiplyAccumulates: classifier.weight.length,
      binary: null,
    },
  ];
}

/** Describes a packed model and its file. */
export function describeModel(file: ModelFile): ModelDescription {
  const { model, layout } = file;
  const size = modelSize(model);
  const stored = storedBits(layout);
  return {
    name: model.name,
    provenance: model.provenance,
    image: model.shape.input,
    classes: model.classes,
    fractionBits: model.fractionBits,
    activations: activationsOf(model),
    padding: modelSight(model) === 'binary' ? 'minus-one' : 'zero',
    layers: describeLayers(file),
    size,
    storedBits: stored,
    bitsPerBinaryWeight:
      size.binaryWeights === 0
        ? null
        : {
            nominal: size.indexBits / size.binaryWeights,
            stored: stored / size.binaryWeights,
          },
    file: layout,
  };
}
