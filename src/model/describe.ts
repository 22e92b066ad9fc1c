import { blockOutput, isPooled, type MapShape } from './network.js';
import type { PackedModel, Provenance } from './packed.js';
import { type ModelSize, modelSize, storedMembers } from './size.js';

/** One layer with weights. All figures are counted. */
export interface LayerDescription {
  readonly name: string;
  /** `binary 3x3`, `8-bit 1x1`, ... */
  readonly kind: string;
  readonly stride: number;
  readonly input: MapShape;
  readonly output: MapShape;
  readonly weights: number;
  /** Bits of its weights in the file; for a binary layer indices and subset. */
  readonly weightBits: number;
  /** Null for layers of 8-bit weights. */
  readonly subset: {
    readonly tau: number;
    readonly structure: 'free' | 'antipodal';
    readonly members: number;
    /** Members that at least one index names. */
    readonly used: number;
  } | null;
}

/** What a packed model is, for a person or a program to read. */
export interface ModelDescription {
  readonly name: string;
  readonly provenance: Provenance;
  readonly image: MapShape;
  readonly classes: readonly string[];
  readonly fractionBits: number;
  readonly layers: readonly LayerDescription[];
  readonly size: ModelSize;
  readonly fileBytes: number;
}

/** Describes a packed model whose file has `fileBytes` bytes. */
export function describeModel(model: PackedModel, fileBytes: number): ModelDescription {
  const { shape, blocks, classifier } = model;
  const { conv: stem } = shape.stem;
  const vector = (channels: number): MapShape => ({ height: 1, width: 1, channels });
  const layers: LayerDescription[] = [
    {
      name: 'stem',
      kind: `16-bit ${stem.kernel}x${stem.kernel}${shape.stem.pool ? ', pooled' : ''}`,
      stride: stem.stride,
      input: stem.input,
      output: shape.stem.output,
      weights: model.stem.weight.length,
      weightBits: model.stem.weight.length * 16,
      subset: null,
    },
  ];
  for (const [i, layer] of shape.blocks.entries()) {
    const { name, conv } = layer;
    const block = blocks[i];
    const { tau, structure, indices, members } = block.conv;
    const place = { stride: conv.stride, input: conv.input, output: blockOutput(layer) };
    layers.push({
      name,
      kind: `binary 3x3${isPooled(layer) ? ', pooled' : ''}`,
      ...place,
      weights: indices.length * 9,
      weightBits: indices.length * tau + storedMembers(block.conv) * 9,
      subset: { tau, structure, members: members.length, used: new Set(indices).size },
    });
    if (block.shortcut) {
      const { length } = block.shortcut.weight;
      layers.push({
        name: `${name}.shortcut`,
        kind: '8-bit 1x1',
        ...place,
        weights: length,
        weightBits: length * 8,
        subset: null,
      });
    }
  }
  layers.push({
    name: 'classifier',
    kind: '8-bit matrix',
    stride: 1,
    input: vector(shape.classifier.inputs),
    output: vector(shape.classifier.classes),
    weights: classifier.weight.length,
    weightBits: classifier.weight.length * 8,
    subset: null,
  });
  return {
    name: model.name,
    provenance: model.provenance,
    image: shape.input,
    classes: model.classes,
    fractionBits: model.fractionBits,
    layers,
    size: modelSize(model),
    fileBytes,
  };
}
