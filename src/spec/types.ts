import type { Architecture } from '../model/network.js';

/** A validated experiment: every default written out, presets resolved, bits turned into tau. */
export interface Spec {
  /** Names runs and folders: letters, digits, dot, dash and underscore. */
  readonly name: string;
  /** Decides every random draw of the run; 0..2^32-1. */
  readonly seed: number;
  readonly data: DataSpec;
  readonly architecture: ArchitectureSpec;
  readonly quantize: QuantizeSpec;
  readonly train: TrainSpec;
  /** What trains; auto: the best that this machine has. */
  readonly engine: 'auto' | EngineName;
  readonly device: DeviceSpec;
  readonly verify: VerifySpec;
}

/** Data sets of a few files, which are read whole into memory. */
export type StoredSetName = 'mnist' | 'fashion-mnist' | 'cifar10' | 'cifar100';

/** Data sets that are known by name. */
export type KnownSetName = StoredSetName | 'imagenet';

export type DataSetName = KnownSetName | 'folder';

/** At an image that cannot be decoded the stage fails, or goes on without it. */
export type OnCorrupt = 'fail' | 'skip';

/** Which data set, and all that must be known of it before any of its files is read. */
export type DataSource =
  | { readonly set: StoredSetName }
  | { readonly set: 'imagenet'; readonly onCorrupt: OnCorrupt }
  | {
      readonly set: 'folder';
      /** Size at which images enter the network. */
      readonly image: { readonly height: number; readonly width: number };
      readonly classes: number;
      readonly onCorrupt: OnCorrupt;
    };

/** All that decides a data set's images as they are tested. */
export type DataFiles = DataSource & {
  /** Folder that holds the data set's files; null: the places where the set is usually found. */
  readonly path: string | null;
  /** Use only the first images of each split; null: all. */
  readonly limit: { readonly train: number | null; readonly test: number | null };
};

export type DataSpec = DataFiles & {
  readonly augment: {
    /** Mirror each training image left to right with probability one half. */
    readonly flip: boolean;
    /** Pad by this many pixels and crop back at a random place; 0: off. */
    readonly shift: number;
    /** Smallest share of an image that a random resized crop takes, above 0; 1: off. */
    readonly crop: number;
  };
};

/** Stages of binary 3x3 convolutions, of doubling width, behind a real-valued stem. */
export type ArchitectureSpec = Architecture;

export type StemSpec = Architecture['stem'];

export type SubsetStructure = 'free' | 'antipodal';

/** Bits of a kernel's index, 1..9: of all binary layers, or of each by name where they differ. */
export type Tau = number | Readonly<Record<string, number>>;

/** How the 3x3 kernels become binary, or `none`: weights and activations stay real. */
export type QuantizeSpec = BinaryQuantizeSpec | { readonly binarize: 'none' };

export interface BinaryQuantizeSpec {
  /** tau / 9 bit per weight; 9 is the plain 1-bit network. */
  readonly tau: Tau;
  readonly binarize: 'weights' | 'weights+activations';
  readonly subset: {
    readonly structure: SubsetStructure;
    readonly sampling: 'uniform' | 'frequency';
  };
  /** How the subset is learnt; false: it stays as sampled. */
  readonly refine: false | RefineSpec;
}

export interface RefineSpec {
  /** The subset takes a step every `period` training steps. */
  readonly period: number;
  /** Sign memory: a member's element flips only when its latent passes this magnitude. */
  readonly threshold: number;
  /** What takes the place of a member that has come to coincide with another one. */
  readonly replace: 'random' | 'most-wanted';
  /**
   * What moves the members: gradients, as those of their training step, or the latents that chose
   * them, to whose mean they go.
   */
  readonly by: 'gradient' | 'latents';
}

/** A rate that falls at once, at set times. */
export interface MilestoneSchedule {
  /** Epochs behind which it falls; may be fractional. */
  readonly milestones: readonly number[];
  readonly factor: number;
}

/** Training with real weights ahead of the subsets; what stands elsewhere in `train` holds here too. */
export interface PretrainSpec {
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule: TrainSpec['schedule'];
  readonly warmup: number;
  readonly weightDecay: number;
}

/** Learning from another network's logits. */
export interface DistillSpec {
  /** The whole spec of the teacher, which is trained first if need be. */
  readonly teacher: Spec;
  /** Share of the teacher in the loss, above 0, up to 1; the labels have the rest. */
  readonly weight: number;
  /** Divides the logits of both networks, above 0. */
  readonly temperature: number;
}

export interface TrainSpec {
  readonly epochs: number;
  /** Images of one optimiser step, over all worker threads together. */
  readonly batch: number;
  readonly optimizer: 'adam' | 'adamw' | 'sgd';
  /** Momentum of `sgd`, 0..1; the others have moments of their own. */
  readonly momentum: number;
  readonly learningRate: number;
  /** How the learning rate falls over the run, step by step, behind the warm-up. */
  readonly schedule: 'linear' | 'cosine' | 'constant' | MilestoneSchedule;
  /** Epochs over which the rate rises to `learningRate`, step by step; may be fractional. */
  readonly warmup: number;
  /** On real-valued weights, as the optimiser takes it; never on latents, subsets or norms. */
  readonly weightDecay: number;
  /** Share of every label that is spread evenly over all classes, 0..1. */
  readonly labelSmoothing: number;
  /** Share of the training split that is kept back for validation, 0..0.5. */
  readonly validation: number;
  /** Which epoch's network is handed on: the last, or the best on the validation images. */
  readonly keep: 'last' | 'best';
  /** The first of two steps, with real weights; null: none. */
  readonly pretrain: PretrainSpec | null;
  /** From whom the network learns, besides or in place of the labels; null: nobody. */
  readonly distill: DistillSpec | null;
  /** Threads of the engine; null: as many as cores. */
  readonly threads: number | null;
}

/** What computes the passes of training: a backend of TensorFlow.js. */
export type EngineName = 'tensorflow-gpu' | 'webgpu' | 'tensorflow' | 'wasm';

export type DeviceTarget = 'cpu' | 'ice40-up5k' | 'ice40-hx8k';

export interface DeviceSpec {
  readonly target: DeviceTarget;
  /** Whose synthesis tools: the npm packages, or the native ones on PATH. */
  readonly tools: 'npm' | 'native';
  /** Placement seed of nextpnr. */
  readonly seed: number;
}

export interface VerifySpec {
  /** Test images on which every hand-over is compared bit for bit. */
  readonly images: number;
}
