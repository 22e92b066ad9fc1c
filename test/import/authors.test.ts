import { expect, test } from 'vitest';
import { importModel, importNetwork } from '../../src/import/import-model.js';
import { birealnet } from '../../src/import/key-map.js';
import { packedReach } from '../../src/import/reach.js';
import {
  type FloatMap,
  floatBlock,
  floatTrace,
  scaledTrace,
} from '../../src/model/float-reference.js';
import { packNetwork } from '../../src/model/pack.js';
import type { PackedModel } from '../../src/model/packed.js';
import { argmax, referenceTrace } from '../../src/model/reference.js';
import { firstDifference, type Trace } from '../../src/model/trace.js';
import type { TrainedBinaryNetwork } from '../../src/model/trained.js';
import { createRuntime } from '../../src/runtime/index.js';
import { authorsCheckpoint } from '../support/authors-checkpoint.js';

const { legacy, zip, input, logits } = authorsCheckpoint();
const plane = 64 * 64;

/** For images that are given as they enter the network. */
const map = { ...birealnet, input: { mean: [0, 0, 0], std: [1, 1, 1] } };
const request = {
  file: 'checkpoint',
  network: 'birealnet',
  map,
  stages: null,
  image: 64,
  bytes: zip,
  quantize: null,
  calibrate: null,
  tool: 'test',
};
const network = await importNetwork(request, () => {});

/** What PyTorch computed for image `i`. */
const expected = (i: number) => Array.from(logits.subarray(10 * i, 10 * i + 10));

/** Value of image `i` at pixel `p`, channel `c`. */
const valueAt = (i: number, p: number, c: number) => input[(i * 3 + c) * plane + p];

/** The largest difference between two lists of numbers. */
function worst(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  return Array.from(found).reduce((most, v, k) => Math.max(most, Math.abs(v - wanted[k])), 0);
}

test('the float reference computes what the authors’ modules compute in PyTorch', () => {
  expect(network.shape.blocks.map(({ conv }) => conv.output)).toEqual([
    { height: 16, width: 16, channels: 64 },
    { height: 8, width: 8, channels: 128 },
    { height: 4, width: 4, channels: 256 },
    { height: 2, width: 2, channels: 512 },
  ]);
  expect(network.blocks.map(({ conv }) => conv.tau)).toEqual([5, 5, 5, 5]);
  for (const i of [0, 1]) {
    const values = Float64Array.from({ length: 3 * plane }, (_, j) =>
      valueAt(i, Math.floor(j / 3), j % 3),
    );
    const found = scaledTrace(network, { shape: network.shape.input, values }).at(-1)?.values ?? [];
    expect(worst(found, expected(i))).toBeLessThan(1e-4);
  }
});

test('both formats give the same bytes', async () => {
  const [one, other] = await Promise.all(
    [legacy, zip].map((bytes) => importModel({ ...request, bytes, map: birealnet }, () => {})),
  );
  expect(Buffer.compare(one.bytes, other.bytes)).toBe(0);
});

/** The same network for images of 16 bits: six channels, of which three count 256 times finer. */
function ofFinePixels(): TrainedBinaryNetwork {
  const { shape, stem } = network;
  const image = { ...shape.input, channels: 6 };
  const conv = { ...shape.stem.conv, input: image };
  return {
    ...network,
    shape: { ...shape, input: image, stem: { ...shape.stem, conv } },
    input: {
      zero: new Array<number>(6).fill(128),
      scale: [32, 32, 32].concat(new Array(3).fill(32 * 256)),
    },
    stem: {
      ...stem,
      weight: Float32Array.from({ length: 2 * stem.weight.length }, (_, w) => {
        return stem.weight[3 * Math.floor(w / 6) + (w % 3)];
      }),
    },
  };
}

function finePixels(i: number): Uint8Array {
  return Uint8Array.from({ length: 6 * plane }, (_, j) => {
    const value = 32 * valueAt(i, Math.floor(j / 6), j % 3);
    const coarse = Math.round(value);
    return 128 + (j % 6 < 3 ? coarse : Math.min(127, Math.round(256 * (value - coarse))));
  });
}

/** A map of the packed model in real numbers. */
function realMap(trace: Trace, name: string, { fractionBits }: PackedModel): FloatMap {
  const layer = trace.find((found) => found.name === name);
  if (!layer) throw new Error(`no layer ${name}`);
  const { shape, values } = layer;
  return { shape, values: Float64Array.from(values, (v) => v / 2 ** fractionBits) };
}

test('the packed model chooses PyTorch’s classes, each layer within its fixed-point bound', () => {
  const fine = ofFinePixels();
  const images = [0, 1].map(finePixels);
  const reach = { activations: packedReach(fine, images), accumulators: [] };
  const provenance = { trained: '', spec: '', tool: '', origin: null };
  const model = packNetwork(fine, { name: 'fine', reach, provenance });
  const runtime = createRuntime(model);
  const unit = 2 ** -model.fractionBits;
  for (const [i, image] of images.entries()) {
    const trace = referenceTrace(model, image);
    expect(firstDifference(trace, runtime.trace(image))).toBeNull();
    const real = (name: string) => realMap(trace, name, model);
    expect(worst(real('stem').values, floatTrace(fine, image)[0].values)).toBeLessThan(4 * unit);
    fine.shape.blocks.forEach((shape, b) => {
      const x = real(b === 0 ? 'stem' : fine.shape.blocks[b - 1].name);
      const maps = floatBlock(x, fine.blocks[b], shape, fine);
      const output = maps.at(-1) ?? x;
      const bound = shape.shortcut === 'downsample' ? 2 ** -6 : 2 * unit;
      expect(worst(real(shape.name).values, output.values), shape.name).toBeLessThan(bound);
    });
    const found = Array.from(trace.at(-1)?.values ?? [], (v) => v * model.classifier.scale);
    expect(argmax(found)).toBe(argmax(expected(i)));
    const pool = real('pool').values;
    const { weight, bias } = network.classifier;
    const exact = Array.from(bias, (b, k) =>
      pool.reduce((s, a, c) => s + a * weight[k * 512 + c], b),
    );
    const step = model.classifier.scale / unit;
    const rounding = (pool.reduce((sum, average) => sum + Math.abs(average), 0) * step) / 2;
    expect(worst(found, exact)).toBeLessThan(rounding + step);
  }
});
