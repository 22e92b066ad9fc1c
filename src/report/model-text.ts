import type { LayerDescription, SubsetDescription } from '../model/describe.js';
import { type MapShape, mapText } from '../model/network.js';
import { operationOf } from './cost-table.js';
import { kernelMap } from './kernel-map.js';
import type { LayerReport, ModelReport } from './model-report.js';
import { figure } from './progress-text.js';
import { ratio } from './scaled.js';
import { type Column, table } from './table.js';
import { useMapLegend } from './use-map.js';

const columns = 80;

/** A map's shape, of a vector its length alone. */
function shapeText(shape: MapShape): string {
  const isVector = shape.height === 1 && shape.width === 1;
  return isVector ? `${shape.channels}` : mapText(shape);
}

const left = (head: string): Column => ({ head, align: 'left' });
const right = (head: string): Column => ({ head, align: 'right' });

/** A line with text of the file's: without what would steer a terminal, and no longer than its columns. */
function told(line: string): string {
  const plain = line.replace(/\p{Cc}/gu, '?');
  return plain.length <= columns ? plain : `${plain.slice(0, columns - 3)}...`;
}

/** A shortcut stands under its block. */
function nameText({ name }: LayerDescription): string {
  return name.endsWith('.shortcut') ? '└ shortcut' : name;
}

function bitsText(layer: LayerDescription): string {
  return (layer.weightBits / layer.weights).toFixed(3);
}

function layersTable(layers: readonly LayerDescription[]): string {
  return table(
    [left('layer'), left('kind'), right('in'), right('out'), right('weights'), right('bytes')],
    layers.map((layer) => [
      nameText(layer),
      layer.stride === 1 ? layer.kind : `${layer.kind} /${layer.stride}`,
      shapeText(layer.input),
      shapeText(layer.output),
      layer.weights,
      Math.ceil(layer.weightBits / 8),
    ]),
  );
}

/** The binary layers of a model. */
function binaryOf(layers: readonly LayerReport[]) {
  return layers.flatMap((layer) => {
    const { binary, cpu } = layer;
    return binary && cpu ? [{ layer, ...binary, cpu }] : [];
  });
}

function subsetsTable(layers: readonly LayerReport[]): string {
  return table(
    [
      left('layer'),
      right('tau'),
      left('subset'),
      right('used'),
      right('entropy'),
      left('coding'),
      right('bytes'),
      right('bit/weight'),
    ],
    binaryOf(layers).map(({ layer, subset }) => [
      layer.name,
      subset.tau,
      subset.structure,
      `${subset.used} of ${subset.codes.length}`,
      subset.entropy.toFixed(2),
      subset.coding,
      Math.ceil(layer.weightBits / 8),
      bitsText(layer),
    ]),
  );
}

function costTable({ layers, activations }: ModelReport): string {
  const millions = (count: number) => (count / 1e6).toFixed(3);
  return table(
    [
      left('layer'),
      right('M MACs'),
      right(`M ${operationOf(activations)}`),
      right('at 1 bit'),
      right('fewer'),
      left('CPU kernel'),
      right('time'),
    ],
    layers.map((layer) => {
      const { multiplyAccumulates, binary, cpu } = layer;
      return [
        nameText(layer),
        millions(multiplyAccumulates),
        binary ? millions(binary.cost.subBitOps) : '',
        binary ? millions(binary.cost.oneBitOps) : '',
        binary ? ratio(binary.cost.oneBitOps, binary.cost.subBitOps) : '',
        cpu ? cpu.kernel : '',
        cpu ? `${(100 * cpu.timeShare).toFixed(1)} %` : '',
      ];
    }),
  );
}

function sizeTable({ size, file: { fileBytes, sections } }: ModelReport): string {
  const rest = fileBytes - sections.INDX - sections.SUBS - (size.realBits + size.constantBits) / 8;
  const row = (part: string, bytes: number) => [
    part,
    Math.ceil(bytes),
    `${((100 * bytes) / fileBytes).toFixed(1)} %`,
  ];
  return table(
    [left('part'), right('bytes'), right('of the file')],
    [
      row('kernel indices', sections.INDX),
      row('subsets', sections.SUBS),
      row('8-bit and 16-bit weights', size.realBits / 8),
      row('constants', size.constantBits / 8),
      row('header, names, provenance', rest),
    ],
  );
}

function subsetLines(name: string, subset: SubsetDescription): string[] {
  const { tau, structure, codes, used, entropy } = subset;
  const about =
    `tau ${tau}, ${structure}, ${used} of ${codes.length} members used, ` +
    `entropy ${entropy.toFixed(2)} bit`;
  return ['', `${name}: ${about}`, ...kernelMap(subset)];
}

/** What the pictures of {@link kernelMap} mean, for those that there are. */
function subsetLegend(layers: readonly LayerReport[]): string[] {
  const taus = binaryOf(layers).map(({ subset }) => subset.tau);
  const glyphs = 'Members, the most used first: filled where a kernel is +1; percent of the layer.';
  const cells = 'Use of all 512 kernels by code, 64 a line, blank where one is no member:';
  return [
    ...(taus.some((tau) => tau <= 6) ? ['', glyphs] : []),
    ...(taus.some((tau) => tau > 6) ? ['', cells, useMapLegend] : []),
  ];
}

function provenanceLines({ provenance: { tool, spec, trained, origin } }: ModelReport): string[] {
  const figures = Object.entries(origin?.figures ?? {}).map(([name, { value, unit, kind }]) => [
    told(name),
    figure({ value, unit: '', kind }),
    told(unit),
    kind,
  ]);
  const heads = [left('found when it was packed'), right('value'), left('unit'), left('kind')];
  return [
    told(`  packed by     ${tool}, spec ${spec}`),
    ...(origin ? [told(`  spec          ${origin.spec}`)] : []),
    told(`  trained file  ${trained}`),
    ...(figures.length > 0 ? ['', ...table(heads, figures).split('\n').map(told)] : []),
  ];
}

/** A packed model as a person reads it: where it is from, its layers, bits, costs and subsets. */
export function modelText(model: ModelReport): string {
  const { name, image, classes, fractionBits, activations, padding, layers, size, file } = model;
  const bits = model.bitsPerBinaryWeight;
  return [
    told(
      `${name}: a packed sub-bit network, ${file.fileBytes} bytes, format version ${file.version}`,
    ),
    told(`  image         ${mapText(image)}, ${classes.length} classes: ${classes.join(', ')}`),
    `  activations   int16 with ${fractionBits} fractional bits; ${activations === 'binary' ? 'binary' : 'int16 too'} in front of 3x3 layers`,
    ...(activations === 'binary' && padding === 'zero'
      ? ['  padding       3x3 layers see 0 beyond the edge']
      : []),
    ...provenanceLines(model),
    '',
    layersTable(layers),
    '',
    subsetsTable(layers),
    '',
    costTable(model),
    '',
    sizeTable(model),
    '',
    ...(bits
      ? [
          `Bits per binary weight: ${bits.nominal.toFixed(3)} nominal (tau / 9), ` +
            `${bits.stored.toFixed(3)} stored with subsets.`,
        ]
      : []),
    `Numbers, uncoded: ${ratio(size.oneBitTotal, size.totalBits)} smaller than at 1 bit, ` +
      `${ratio(size.floatTotal, size.totalBits)} smaller than in 32 bit.`,
    'MACs of a binary layer are those of its plain convolution. The CPU kernel and',
    'its share of the time of all binary layers are modelled (docs/runtime.md).',
    ...subsetLegend(layers),
    ...binaryOf(layers).flatMap(({ layer, subset }) => subsetLines(layer.name, subset)),
  ].join('\n');
}
