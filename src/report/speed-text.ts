import { mapText } from '../model/network.js';
import type {
  BuildSpeed,
  LayerSpeed,
  Measurement,
  NetworkSpeed,
  PartSpeed,
  SpeedReport,
} from '../speed/report.js';
import { table } from './table.js';

const buildTexts = {
  wasm: 'WebAssembly SIMD',
  avx2: 'native, AVX2',
  generic: 'native, vectors of 16 bytes',
  neon: 'native, NEON',
} as const;

const partTexts = {
  stem: 'stem',
  codes: 'bits and codes',
  convolutions: 'binary convolutions and activations',
  downsample: 'downsample shortcuts',
  classifier: 'average and classifier',
} as const;

const digits = (value: number) =>
  value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
const times = (value: number) => `${value.toFixed(2)}x`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The half of the repeats in the middle: `12.1 .. 12.9`. */
function range({ quartiles: [lower, upper] }: Measurement): string {
  return `${digits(lower)} .. ${digits(upper)}`;
}

function layerRow(layer: LayerSpeed): (string | number)[] {
  const { name, input, output, tau, structure, kernel, time, share, twin, best, speedups } = layer;
  return [
    name,
    `${mapText(input)} > ${mapText(output)}`,
    structure === 'antipodal' ? `${tau} antipodal` : tau,
    kernel,
    digits(time.value),
    percent(share),
    digits(twin.time.value),
    twin.kernel,
    times(speedups.twin.value),
    best.kernel,
    times(speedups.best.value),
  ];
}

function layersTable(layers: readonly LayerSpeed[]): string {
  return table(
    [
      { head: 'binary layer', align: 'left' },
      { head: 'maps', align: 'left' },
      { head: 'tau', align: 'left' },
      { head: 'kernel', align: 'left' },
      { head: 'us', align: 'right' },
      { head: 'share', align: 'right' },
      { head: 'twin, us', align: 'right' },
      { head: 'kernel', align: 'left' },
      { head: 'faster', align: 'right' },
      { head: 'best 1-bit', align: 'left' },
      { head: 'faster', align: 'right' },
    ],
    layers.map(layerRow),
  );
}

function partsTable(parts: readonly PartSpeed[]): string {
  return table(
    [
      { head: 'part', align: 'left' },
      { head: 'ms', align: 'right' },
      { head: 'half of the repeats', align: 'right' },
      { head: 'share', align: 'right' },
      { head: 'twin, ms', align: 'right' },
    ],
    parts.map(({ part, time, share, twin }) => [
      partTexts[part],
      digits(time.value),
      range(time),
      percent(share),
      digits(twin.value),
    ]),
  );
}

function buildText({ build, layers, parts }: BuildSpeed): string {
  return [`${buildTexts[build]}, 1 thread`, layersTable(layers), '', partsTable(parts)].join('\n');
}

function networkTable(network: readonly NetworkSpeed[]): string {
  return table(
    [
      { head: 'whole network', align: 'left' },
      { head: 'kernels', align: 'left' },
      { head: 'threads', align: 'right' },
      { head: 'images', align: 'right' },
      { head: 'figure', align: 'right' },
      { head: 'unit', align: 'left' },
      { head: 'half of the repeats', align: 'right' },
      { head: '1-bit twin', align: 'right' },
      { head: 'faster', align: 'right' },
    ],
    network.map(({ measure, build, threads, batch, network, twin, speedup }) => [
      measure,
      buildTexts[build],
      threads,
      batch,
      digits(network.value),
      network.unit,
      range(network),
      digits(twin.value),
      times(speedup.value),
    ]),
  );
}

/** What `snn bench` found, for a person; every figure is measured. */
export function speedText(report: SpeedReport): string {
  const { name, source, weights, image, machine, statistic, builds, network } = report;
  return [
    `${name}, ${source.kind} ${source.from}: images of ${mapText(image)}`,
    ...(weights === 'random'
      ? ['Its weights are random, nothing was trained: speed does not depend on them.']
      : []),
    `Measured on ${machine.processor}, ${machine.cores} cores, Node ${machine.node}.`,
    `Figures: ${statistic}.`,
    '',
    ...builds.flatMap((build) => [buildText(build), '']),
    networkTable(network),
    '',
    'Twin: the same shapes at 1 bit, by the kernels that the runtime chooses; best 1-bit: the fastest',
    'of all 1-bit kernels for the layer. Latency: one image, all threads on it. Throughput: a batch,',
    'every thread on images of its own.',
  ].join('\n');
}
