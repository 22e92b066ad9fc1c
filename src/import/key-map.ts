import type { Architecture } from '../model/network.js';
import type { Padding } from '../model/trained.js';

/** How pixels of 0..1 enter a network: (pixel - mean) / std, one of each a channel. */
export interface InputStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * How a network of others names its tensors, and what its tensors do not tell. A key is the name of a
 * tensor; a key of a norm is what stands in front of `.weight`, `.bias`, `.running_mean` and
 * `.running_var`. In those of a block `{stage}` and `{block}` count from 0, the blocks of every stage
 * anew, and `{index}` counts all blocks; each may be divided (`/2`), reduced (`%2`) and shifted (`+1`),
 * in this order. null: the network has none.
 */
export interface KeyMap {
  readonly family: Architecture['family'];
  readonly padding: Padding;
  readonly input: InputStatistics;
  readonly stem: {
    readonly weight: string;
    readonly norm: string;
    readonly stride: 1 | 2;
    readonly pool: boolean;
  };
  readonly block: {
    readonly weight: string;
    /** Real latents of the subset, [2^tau, 9]. */
    readonly subset: string | null;
    readonly norm: string;
    readonly shiftIn: string | null;
    readonly shiftMid: string | null;
    readonly slope: string | null;
    readonly shiftOut: string | null;
    readonly shortcut: { readonly weight: string; readonly norm: string } | null;
  };
  readonly classifier: { readonly weight: string; readonly bias: string | null };
  /** Keys of tensors that inference does without; `*` stands for anything. */
  readonly ignore: readonly string[];
}

/** Where in a network a block is. */
export interface BlockPlace {
  readonly stage: number;
  readonly block: number;
  readonly index: number;
}

/** Means and deviations of ImageNet's channels, as torchvision has them. */
export const imagenetStatistics: InputStatistics = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** What torch.nn.BatchNorm2d counts beside its statistics. */
export const usuallyIgnored = ['*.num_batches_tracked'];

/** The networks of github.com/yikaiw/SNN (step2/birealnet.py), and ReActNet's of the same form. */
export const birealnet: KeyMap = {
  family: 'bireal',
  padding: 'zero',
  input: imagenetStatistics,
  stem: { weight: 'conv1.weight', norm: 'bn1', stride: 2, pool: true },
  block: {
    weight: 'layer{stage+1}.{block}.binary_conv.weight',
    subset: 'layer{stage+1}.{block}.binary_conv.binarize.patterns',
    norm: 'layer{stage+1}.{block}.bn1',
    shiftIn: 'layer{stage+1}.{block}.move0.bias',
    shiftMid: 'layer{stage+1}.{block}.move1.bias',
    slope: 'layer{stage+1}.{block}.prelu.weight',
    shiftOut: 'layer{stage+1}.{block}.move2.bias',
    shortcut: {
      weight: 'layer{stage+1}.{block}.downsample.1.weight',
      norm: 'layer{stage+1}.{block}.downsample.2',
    },
  },
  classifier: { weight: 'fc.weight', bias: 'fc.bias' },
  ignore: usuallyIgnored,
};

/** Networks that are known by name: their key map, and their blocks a stage; null: any number. */
export const knownNetworks = {
  birealnet18: { map: birealnet, stages: [4, 4, 4, 4] },
  birealnet34: { map: birealnet, stages: [6, 8, 12, 6] },
  birealnet: { map: birealnet, stages: null },
} as const satisfies Record<
  string,
  { readonly map: KeyMap; readonly stages: readonly number[] | null }
>;

export type KnownNetwork = keyof typeof knownNetworks;

/** A place in a key: `{stage}`, `{block/2}`, `{index%2+1}`. */
const placeholder = /\{(stage|block|index)(?:\/(\d+))?(?:%(\d+))?(?:\+(\d+))?\}/g;

/** The key of a block's tensor. */
export function keyAt(template: string, place: BlockPlace): string {
  return template.replace(
    placeholder,
    (_, which: keyof BlockPlace, over = '1', modulus?: string, plus = '0') => {
      const divided = Math.floor(place[which] / Number(over));
      return String((modulus ? divided % Number(modulus) : divided) + Number(plus));
    },
  );
}

/** What is wrong with a key; null: nothing. */
export function keyProblem(template: string): string | null {
  const rest = template.replace(placeholder, '');
  if (/[{}]/.test(rest)) return 'only {stage}, {block} and {index} may stand in braces';
  return /\{[^}]*[/%]0/.test(template) ? 'divides by 0' : null;
}

/** Whether a key matches one of `patterns`, in which `*` stands for anything. */
export function isIgnored(key: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const [first = '', ...rest] = pattern.split('*');
    if (rest.length === 0) return key === first;
    const last = rest.pop() ?? '';
    let at = first.length;
    if (!key.startsWith(first)) return false;
    for (const part of rest) {
      const found = key.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return key.length - last.length >= at && key.endsWith(last);
  });
}
