import { resolve } from 'node:path';
import { dataShape } from '../data/sets.js';
import { resolveArchitecture } from './architectures.js';
import { fieldAt } from './schema.js';
import { networkShape } from './shape.js';
import { resolveTauMap } from './tau-map.js';
import type {
  BinaryQuantizeSpec,
  DataSource,
  DataSpec,
  QuantizeSpec,
  RefineSpec,
  Spec,
  Tau,
} from './types.js';
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

/** Which data set. The schema has seen to it that a folder comes with image size and classes. */
export function sourceOf({ set, image, classes, onCorrupt }: WrittenSpec['data']): DataSource {
  switch (set) {
    case 'imagenet':
      return { set, onCorrupt };
    case 'folder': {
      if (image === undefined || classes === undefined) {
        throw new Error('a folder needs data.image and data.classes');
      }
      const size = typeof image === 'number' ? { height: image, width: image } : image;
      return { set, image: size, classes, onCorrupt };
    }
    default:
      return { set };
  }
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

/**
 * A valid spec in its one written-out form.
 *
 * @param folder what its relative path is relative to
 * @param teacher from which it is distilled; null: from none
 */
export function resolveSpec(written: WrittenSpec, folder: string, teacher: Spec | null): Spec {
  const { name, seed, data, quantize, train, engine, device, verify } = written;
  const source = sourceOf(data);
  const architecture = resolveArchitecture(written.architecture, dataShape(source).image);
  const layers = networkShape({ data: source, architecture }).blocks.map((block) => block.name);
  return {
    name,
    seed,
    data: {
      ...source,
      path: data.path === null ? null : resolve(folder, data.path),
      limit: limitOf(data),
      augment: data.augment,
    },
    architecture,
    quantize: quantizeOf(quantize, layers),
    train: { ...train, distill: train.distill && teacher && { ...train.distill, teacher } },
    engine,
    device,
    verify,
  };
}
