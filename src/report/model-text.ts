import type { LayerDescription, ModelDescription } from '../model/describe.js';
import type { MapShape } from '../model/network.js';
import { ratio } from './scaled.js';
import { table } from './table.js';

function mapText({ height, width, channels }: MapShape): string {
  return height === 1 && width === 1 ? `${channels}` : `${height}x${width}x${channels}`;
}

function layerRow(layer: LayerDescription): (string | number)[] {
  const { subset } = layer;
  return [
    layer.name,
    layer.stride === 1 ? layer.kind : `${layer.kind} /${layer.stride}`,
    mapText(layer.input),
    mapText(layer.output),
    layer.weights,
    subset ? subset.tau : '',
    subset ? subset.structure : '',
    subset ? `${subset.used} of ${subset.members}` : '',
    Math.ceil(layer.weightBits / 8),
    (layer.weightBits / layer.weights).toFixed(3),
  ];
}

function layersTable(layers: readonly LayerDescription[]): string {
  return table(
    [
      { head: 'layer', align: 'left' },
      { head: 'kind', align: 'left' },
      { head: 'in', align: 'right' },
      { head: 'out', align: 'right' },
      { head: 'weights', align: 'right' },
      { head: 'tau', align: 'right' },
      { head: 'subset', align: 'left' },
      { head: 'members used', align: 'right' },
      { head: 'bytes', align: 'right' },
      { head: 'bit/weight', align: 'right' },
    ],
    layers.map(layerRow),
  );
}

function sizeTable({ size, fileBytes }: ModelDescription): string {
  const row = (part: string, bits: number) => [
    part,
    Math.ceil(bits / 8),
    `${((100 * bits) / 8 / fileBytes).toFixed(1)} %`,
  ];
  return table(
    [
      { head: 'part', align: 'left' },
      { head: 'bytes', align: 'right' },
      { head: 'of the file', align: 'right' },
    ],
    [
      row('kernel indices', size.indexBits),
      row('subsets', size.subsetBits),
      row('8-bit weights', size.realBits),
      row('constants', size.constantBits),
      row('header, names, provenance', 8 * fileBytes - size.totalBits),
    ],
  );
}

/** A packed model as a person reads it: where it comes from, its layers, its bytes. */
export function modelText(model: ModelDescription): string {
  const { name, provenance, image, classes, fractionBits, layers, size, fileBytes } = model;
  const kernelBits = size.indexBits + size.subsetBits;
  return [
    `${name}: a packed sub-bit network, ${fileBytes} bytes`,
    `  packed by     ${provenance.tool}, spec ${provenance.spec}`,
    `  trained file  SHA-256 ${provenance.trained}`,
    `  image         ${mapText(image)}, ${classes.length} classes: ${classes.slice(0, 12).join(', ')}${classes.length > 12 ? ', ...' : ''}`,
    `  activations   int16 with ${fractionBits} fractional bits; binary in front of 3x3 layers`,
    '',
    layersTable(layers),
    '',
    sizeTable(model),
    '',
    `Binary kernels: ${(kernelBits / size.binaryWeights).toFixed(3)} bit a weight with their subsets, ` +
      `${(size.indexBits / size.binaryWeights).toFixed(3)} without.`,
    `All numbers: ${ratio(size.oneBitTotal, size.totalBits)} smaller than with 1-bit kernels, ` +
      `${ratio(size.floatTotal, size.totalBits)} smaller than in 32 bit.`,
  ].join('\n');
}
