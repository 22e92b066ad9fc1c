import { dataShape } from '../data/sets.js';
import { isPooled, layOut } from '../model/network.js';
import { resolveArchitecture } from './architectures.js';
import type { Problem } from './problem.js';
import { limitOf, sourceOf } from './resolve.js';
import { networkShape } from './shape.js';
import { idlePatterns, uncoveredLayers } from './tau-map.js';
import { find, type Tree } from './tree.js';
import type { PretrainSpec } from './types.js';
import type { WrittenSpec } from './written.js';

interface Finding {
  /** Where to point: the first of these paths that is written. */
  readonly at: readonly string[];
  /** Key below the first path that it is about, where that is a map of the user's own names. */
  readonly key?: string;
  readonly message: string;
  readonly help: string;
}

/** A rule that no schema can state. */
interface Check {
  /** What it reads; it has nothing to say while any of it breaks the schema. */
  readonly reads: readonly string[];
  readonly find: (spec: WrittenSpec) => Finding | null;
}

/** What decides the images' shape and the number of classes. */
const shapeFields = ['data.set', 'data.path', 'data.image', 'data.classes'];

const halvesToNothing: Check = {
  reads: [...shapeFields, 'architecture'],
  find: ({ data, architecture }) => {
    const { image, classes } = dataShape(sourceOf(data));
    const { blocks } = layOut(resolveArchitecture(architecture, image), image, classes);
    const stuck = blocks.find(
      (block) =>
        (block.conv.stride === 2 || isPooled(block)) &&
        Math.max(block.conv.input.height, block.conv.input.width) === 1,
    );
    if (!stuck) return null;
    const stage = Number(/\d+/.exec(stuck.name));
    return {
      at: ['architecture.stages', 'architecture.preset', 'architecture'],
      message: `stage ${stage + 1} cannot halve the map: it is down to 1x1 after stage ${stage}`,
      help: `${image.height}x${image.width} images behind this stem allow at most ${stage} stages`,
    };
  },
};

/** Names of the binary layers: what patterns of `quantize.tau` match. */
function layersOf({ data, architecture }: WrittenSpec): readonly string[] {
  const source = sourceOf(data);
  const resolved = resolveArchitecture(architecture, dataShape(source).image);
  return networkShape({ data: source, architecture: resolved }).blocks.map(({ name }) => name);
}

const tauWithoutLayer: Check = {
  reads: [...shapeFields, 'architecture', 'quantize.tau'],
  find: (spec) => {
    const { tau } = spec.quantize;
    if (typeof tau !== 'object') return null;
    const layers = layersOf(spec);
    const [key] = idlePatterns(tau, layers);
    if (key === undefined) return null;
    return {
      at: ['quantize.tau'],
      key,
      message: `"${key}" in quantize.tau matches no layer`,
      help: `the layers are ${layers.join(', ')}`,
    };
  },
};

const layerWithoutTau: Check = {
  reads: [...shapeFields, 'architecture', 'quantize.tau'],
  find: (spec) => {
    const { tau } = spec.quantize;
    if (typeof tau !== 'object') return null;
    const [layer, ...more] = uncoveredLayers(tau, layersOf(spec));
    if (layer === undefined) return null;
    return {
      at: ['quantize.tau'],
      message: `quantize.tau has nothing for ${layer}${more.length > 0 ? ` and ${more.length} more` : ''}`,
      help: 'end the map with "*", for all other layers',
    };
  },
};

const pretrainWithoutSecondStep: Check = {
  reads: ['quantize.binarize', 'train.pretrain'],
  find: ({ quantize, train }) => {
    if (quantize.binarize !== 'none' || train.pretrain === null) return null;
    return {
      at: ['train.pretrain'],
      message: 'train.pretrain is a first step with real weights, but quantize.binarize is none',
      help: 'leave it out: all epochs of train are with real weights',
    };
  },
};

const folderWithoutPath: Check = {
  reads: ['data.set', 'data.path'],
  find: ({ data }) => {
    if (data.set !== 'folder' || data.path !== null) return null;
    return {
      at: ['data.path', 'data.set'],
      message: 'data.set folder needs data.path',
      help: 'name the folder that holds train/<class>/ and test/<class>/ or val/<class>/',
    };
  },
};

/** Fields that speak of image folders mean nothing for a set that knows its images. */
const folderFieldElsewhere: Check = {
  reads: ['data.set', 'data.image', 'data.classes', 'data.onCorrupt'],
  find: ({ data }) => {
    const { set } = data;
    const known = (field: string, what: string) => ({
      at: [`data.${field}`],
      message: `data.${field} is for data.set folder: ${what} of ${set} are known`,
      help: `leave it out, or read ${set} as a folder: data.set: folder`,
    });
    if (set === 'folder') return null;
    if (data.image !== undefined) return known('image', 'the images');
    if (data.classes !== undefined) return known('classes', 'the classes');
    if (set === 'imagenet' || data.onCorrupt === 'fail') return null;
    return {
      at: ['data.onCorrupt'],
      message: `data.onCorrupt is for folders of images; the files of ${set} are sound or refused`,
      help: 'leave it out',
    };
  },
};

const smoothingOfNothing: Check = {
  reads: ['train.labelSmoothing', 'train.distill'],
  find: ({ train: { labelSmoothing, distill } }) => {
    if (labelSmoothing === 0 || distill?.weight !== 1) return null;
    return {
      at: ['train.labelSmoothing', 'train.distill'],
      message: 'train.labelSmoothing smooths labels that take no part: train.distill.weight is 1',
      help: 'lower train.distill.weight below 1, or leave train.labelSmoothing out',
    };
  },
};

const batchBeyondData: Check = {
  reads: ['data.limit', 'train.batch', 'train.validation'],
  find: ({ data, train }) => {
    const { train: limit } = limitOf(data);
    if (limit === null) return null;
    const images = limit - Math.round(limit * train.validation);
    if (train.batch <= images) return null;
    return {
      at: ['train.batch', 'data.limit.train', 'data.limit'],
      message: `a batch of ${train.batch} images needs more than the ${images} that ${train.validation > 0 ? 'data.limit and train.validation leave' : 'data.limit leaves'} for training`,
      help: `lower train.batch to ${images} or less, or raise data.limit`,
    };
  },
};

const bestWithoutValidation: Check = {
  reads: ['train.keep', 'train.validation'],
  find: ({ train: { keep, validation } }) => {
    if (keep === 'last' || validation > 0) return null;
    return {
      at: ['train.keep'],
      message: 'the best epoch cannot be told without validation images',
      help: 'set train.validation, such as 0.1, or keep the last epoch',
    };
  },
};

const warmupWithoutEnd: Check = {
  reads: ['train.epochs', 'train.warmup', 'train.pretrain'],
  find: ({ train }) => {
    const isEndless = (steps: PretrainSpec | null) => steps && steps.warmup >= steps.epochs;
    const field = isEndless(train) ? 'train' : 'train.pretrain';
    const steps = isEndless(train) ? train : train.pretrain;
    if (steps === null || !isEndless(steps)) return null;
    const { warmup, epochs } = steps;
    return {
      at: [`${field}.warmup`, `${field}.epochs`],
      message: `the learning rate is still rising when training ends: ${warmup} epochs of warm-up, ${epochs} in all`,
      help: `lower ${field}.warmup below ${epochs}, or raise ${field}.epochs`,
    };
  },
};

const verifyBeyondData: Check = {
  reads: ['data.limit', 'verify.images'],
  find: ({ data, verify }) => {
    const { test: images } = limitOf(data);
    if (images === null || verify.images <= images) return null;
    return {
      at: ['verify.images', 'data.limit.test', 'data.limit'],
      message: `verifying on ${verify.images} images needs more than the ${images} that data.limit leaves for testing`,
      help: `lower verify.images to ${images} or less, or raise data.limit`,
    };
  },
};

const checks: readonly Check[] = [
  folderWithoutPath,
  folderFieldElsewhere,
  halvesToNothing,
  tauWithoutLayer,
  layerWithoutTau,
  pretrainWithoutSecondStep,
  smoothingOfNothing,
  batchBeyondData,
  bestWithoutValidation,
  warmupWithoutEnd,
  verifyBeyondData,
];

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

/**
 * Everything that is wrong with a spec beyond the schema. `broken` are the paths that break the
 * schema; rules that read one of them are passed over.
 */
export function semanticProblems(
  tree: Tree,
  spec: WrittenSpec,
  broken: readonly string[],
): readonly Problem[] {
  return checks
    .filter(({ reads }) => !reads.some((path) => broken.some((other) => overlap(path, other))))
    .flatMap(({ find: check }) => check(spec) ?? [])
    .map(({ at, key, message, help }) => {
      const own = key === undefined ? null : find(tree, [...(at[0]?.split('.') ?? []), key]);
      const written = at.map((path) => find(tree, path.split('.'))).find((found) => found !== null);
      return { place: (own ?? written)?.place ?? tree.place, paths: at.slice(0, 1), message, help };
    });
}
