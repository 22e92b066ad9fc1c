import { resolve } from 'node:path';
import { dataSets } from '../data/sets.js';
import { resolveArchitecture } from './architectures.js';
import { fieldAt } from './schema.js';
import { networkShape } from './shape.js';
import { resolveTauMap } from './tau-map.js';
import type { BinaryQuantizeSpec, DataSpec, QuantizeSpec, RefineSpec, Spec, Tau } from './types.js';
import { type WrittenSpec, withDefaults } from './written.js';

/** Bits of an index: the published settings round tau / 9 to two digits. */
function tauOf({ bits, tau }: WrittenSpec['quantize'], layers: readonly string[]): Tau {
  if (typeof tau === 'object') return resolveTauMap(tau, layers);
  return tau ?? Math.round((bits ?? 1) * 9);
}

/** Images of each split; null: all. */
export function limitOf({ limit }: WrittenSpec['data']): DataSpec['limit'] {
  return typeof limit === 'object' && limit !== null ? limit : { train: limit, test: limit };
}

function refineOf(refine: WrittenSpec['quantize']['refine']): BinaryQuantizeSpec['refine'] {
  if (refine !== true) return refine;
  return withDefaults({}, fieldAt(['quantize', 'refine']) ?? {}) as RefineSpec;
}

function quantizeOf(quantize: WrittenSpec['quantize'], layers: readonly string[]): QuantizeSpec {
  const { binarize, subset, refine } = quantize;
  if (binarize === 'none') return { binarize };
  return { tau: tauOf(quantize, layers), binarize, subset, refine: refineOf(refine) };
}

/** A valid spec in its one written-out form; `folder` is what its relative path is relative to. */
export function resolveSpec(written: WrittenSpec, folder: string): Spec {
  const { name, seed, data, quantize, train, engine, device, verify } = written;
  const architecture = resolveArchitecture(written.architecture, dataSets[data.set].image);
  const layers = networkShape({ data, architecture }).blocks.map((block) => block.name);
  return {
    name,
    seed,
    data: {
      set: data.set,
      path: data.path === null ? null : resolve(folder, data.path),
      limit: limitOf(data),
      augment: data.augment,
    },
    architecture,
    quantize: quantizeOf(quantize, layers),
    train,
    engine,
    device,
    verify,
  };
}
