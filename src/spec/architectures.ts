import type { MapShape } from '../model/network.js';
import type { ArchitectureSpec, StemSpec } from './types.js';

export type PresetName = 'bireal6' | 'resnet18' | 'resnet20' | 'resnet34' | 'vgg-small';

interface Preset extends Omit<ArchitectureSpec, 'stem'> {
  /** Null: the stem that suits the images. */
  readonly stem: StemSpec | null;
}

/** Networks by name. In ResNet terms a block here is one convolution: half of a basic block. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  bireal6: {
    family: 'bireal',
    stages: [2, 2, 2],
    width: 16,
    stem: { kernel: 3, stride: 2, pool: false },
  },
  resnet18: { family: 'bireal', stages: [4, 4, 4, 4], width: 64, stem: null },
  resnet20: {
    family: 'bireal',
    stages: [6, 6, 6],
    width: 16,
    stem: { kernel: 3, stride: 1, pool: false },
  },
  resnet34: { family: 'bireal', stages: [6, 8, 12, 6], width: 64, stem: null },
  'vgg-small': { family: 'vgg', stages: [1, 2, 2], width: 128, stem: null },
};

/** An architecture as a user writes it: by name, as a changed preset, or spelt out. */
export type WrittenArchitecture =
  | PresetName
  | {
      readonly preset?: PresetName;
      readonly family?: ArchitectureSpec['family'];
      readonly stages?: readonly number[];
      readonly width?: number;
      readonly stem?: Partial<StemSpec>;
    };

function stemFor({ height, width }: MapShape): StemSpec {
  return Math.min(height, width) >= 64
    ? { kernel: 7, stride: 2, pool: true }
    : { kernel: 3, stride: 1, pool: false };
}

/**
 * Writes an architecture out for images of shape `image`. The schema has seen to it that without a
 * preset stages and width are given.
 */
export function resolveArchitecture(
  written: WrittenArchitecture,
  image: MapShape,
): ArchitectureSpec {
  const { preset, ...changes } = typeof written === 'string' ? { preset: written } : written;
  const base = preset && presets[preset];
  const { family = 'bireal', stages, width } = { ...base, ...changes };
  if (stages === undefined || width === undefined) {
    throw new Error('an architecture without preset needs stages and width');
  }
  const stem = { ...(base?.stem ?? stemFor(image)), ...changes.stem };
  return { family, stages, width, stem };
}
