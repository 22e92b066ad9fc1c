import fc from 'fast-check';
import { limits, matrixBound, preShiftFor, stemBound } from '../../src/model/bounds.js';
import { sights } from '../../src/model/container/sections.js';
import { reachOf } from '../../src/model/float-reference.js';
import { type Architecture, layOut, type NetworkShape } from '../../src/model/network.js';
import { packNetwork } from '../../src/model/pack.js';
import type {
  PackedBinaryConv,
  PackedModel,
  Provenance,
  Requantizer,
  Sight,
} from '../../src/model/packed.js';
import type {
  Padding,
  TrainedBinaryConv,
  TrainedBinaryNetwork,
  TrainedNetwork,
  TrainedNorm,
} from '../../src/model/trained.js';
import { permutation, type RandomStream, stream } from '../../src/util/random.js';

/**
 * How a model is drawn: every value likely, mostly extremes, small and mostly alike, or by packing a
 * network like a trained one.
 */
export type Mood = 'uniform' | 'extreme' | 'small' | 'packed';

const provenance = { trained: '0'.repeat(64), spec: 'random', tool: 'test', origin: null };

/** Of every second seed as older formats know it, of the others with an origin: format version 3. */
function provenanceOf(seed: number): Provenance {
  const accuracy = {
    value: (seed % 1000) / 7,
    unit: '% of 7 "images" €',
    kind: 'measured',
  } as const;
  const origin = { spec: '1'.repeat(64), figures: { accuracy } };
  return seed % 2 === 1 ? provenance : { ...provenance, origin };
}

export interface ModelPlan {
  readonly seed: number;
  readonly mood: Mood;
  readonly shape: NetworkShape;
  readonly taus: readonly number[];
  readonly structures: readonly ('free' | 'antipodal')[];
  /** What each block sees; binary if left out. A trained network's blocks all see what its first one does. */
  readonly activations?: readonly Sight[];
}

/** Small networks of every kind: both families, odd sizes, all strides, 0 to 4 blocks, all taus and structures. */
export const modelPlans: fc.Arbitrary<ModelPlan> = fc
  .record({
    seed: fc.nat(),
    mood: fc.constantFrom<Mood>('uniform', 'extreme', 'small', 'packed'),
    family: fc.constantFrom<Architecture['family']>('bireal', 'vgg'),
    height: fc.integer({ min: 1, max: 13 }),
    width: fc.integer({ min: 1, max: 13 }),
    channels: fc.integer({ min: 1, max: 3 }),
    stages: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 0, maxLength: 3 }),
    filters: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 31, 33)),
    kernel: fc.constantFrom<3 | 7>(3, 7),
    stride: fc.constantFrom<1 | 2>(1, 2),
    pool: fc.boolean(),
    classes: fc.integer({ min: 1, max: 11 }),
    taus: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
    structures: fc.array(fc.constantFrom<'free' | 'antipodal'>('free', 'antipodal'), {
      minLength: 6,
      maxLength: 6,
    }),
  })
  .map((plan) => ({
    seed: plan.seed,
    mood: plan.mood,
    taus: plan.taus,
    structures: plan.structures,
    shape: layOut(
      {
        family: plan.family,
        stages: plan.stages,
        width: plan.filters,
        stem: { kernel: plan.kernel, stride: plan.stride, pool: plan.pool },
      },
      { height: plan.height, width: plan.width, channels: plan.channels },
      plan.classes,
    ),
  }));

/** The same, with binary activations of either padding or with real ones. */
export const plansOfAll: fc.Arbitrary<ModelPlan> = fc
  .tuple(modelPlans, fc.constantFrom(...sights))
  .map(([plan, activations]) => ({
    ...plan,
    activations: plan.shape.blocks.map(() => activations),
  }));

/** The same, each block with activations of its own: what kernels must cope with, though no file holds it. */
export const mixedPlans: fc.Arbitrary<ModelPlan> = fc
  .tuple(modelPlans, fc.array(fc.constantFrom(...sights), { minLength: 6, maxLength: 6 }))
  .map(([plan, activations]) => ({ ...plan, activations }));

function paddingOf(sight: Sight | undefined): Padding {
  return sight === 'zero-padded' ? 'zero' : 'minus-one';
}

/** An integer of -limit..limit in the given mood. */
function draw(random: RandomStream, mood: Mood, limit: number): number {
  const uniform = random.below(2 * limit + 1) - limit;
  if (mood === 'uniform') return uniform;
  if (mood === 'extreme') return [-limit, limit, 0, uniform][random.below(4)];
  return random.below(2 * Math.min(limit, 3) + 1) - Math.min(limit, 3);
}

function draws(length: number, random: RandomStream, mood: Mood, limit: number): number[] {
  return Array.from({ length }, () => draw(random, mood, limit));
}

function randomRequantizer(
  channels: number,
  bound: number,
  random: RandomStream,
  mood: Mood,
): Requantizer {
  const preShift = preShiftFor(bound);
  const shift = mood === 'extreme' ? [1, 24, 12][random.below(3)] : 12 + random.below(13);
  const biasLimit = Math.min(limits.bias - 2 ** (shift - 1), mood === 'small' ? 2 ** 20 : 2 ** 31);
  return {
    preShift,
    shift,
    multiplier: Int16Array.from(draws(channels, random, mood, limits.factor)),
    bias: Int32Array.from(draws(channels, random, mood, biasLimit)),
  };
}

/** A subset in canonical order and indices that use it, evenly or the lower ones more. */
export function randomConv(
  tau: number,
  wanted: 'free' | 'antipodal',
  pairs: number,
  random: RandomStream,
  use: 'even' | 'uneven' = 'even',
): PackedBinaryConv {
  const structure = tau === 9 ? 'free' : wanted;
  const [count, population] = structure === 'antipodal' ? [2 ** (tau - 1), 256] : [2 ** tau, 512];
  const stored = Uint16Array.from(permutation(population, random).subarray(0, count)).sort();
  const members =
    structure === 'antipodal'
      ? Uint16Array.from([...stored, ...stored.map((code) => 511 - code)])
      : stored;
  const below = () => (use === 'even' ? 2 ** tau : 1 + random.below(2 ** tau));
  const indices = Uint16Array.from({ length: pairs }, () => random.below(below()));
  return { tau, structure, members, indices };
}

/** A packed model with random numbers that keep every bound of docs/arithmetic.md. */
export function randomModel(plan: ModelPlan): PackedModel {
  const { seed, mood, shape, taus, structures, activations } = plan;
  if (mood === 'packed') {
    const network = randomTrained(plan);
    const reach = reachOf(network, randomImages(shape, 1, seed));
    return packNetwork(network, { name: `random ${seed}`, reach, provenance: provenanceOf(seed) });
  }
  const random = stream(seed, 'model');
  const bytes = (length: number) => Int8Array.from(draws(length, random, mood, 127));
  const shorts = (length: number) => Int16Array.from(draws(length, random, mood, 32767));
  const { input, stem, classifier } = shape;
  const { kernel, output } = stem.conv;
  const inputZero = Uint8Array.from({ length: input.channels }, () => random.below(256));
  const taps = kernel * kernel * input.channels;
  const stemLimit = Math.min(32767, Math.floor(2 ** 29 / (255 * taps)));
  const stemWeight = Int16Array.from(draws(output.channels * taps, random, mood, stemLimit));
  return {
    name: `random ${seed}`,
    shape,
    classes: Array.from({ length: classifier.classes }, (_, k) => `class ${k}`),
    inputZero,
    fractionBits: random.below(15),
    stem: {
      weight: stemWeight,
      requantizer: randomRequantizer(
        output.channels,
        stemBound(stemWeight, output.channels, inputZero),
        random,
        mood,
      ),
    },
    blocks: shape.blocks.map(({ conv, shortcut }, i) => {
      const [inputs, outputs] = [conv.input.channels, conv.output.channels];
      const weight = bytes(inputs * outputs);
      const input = shorts(inputs);
      const isReal = activations?.[i] === 'real';
      const reach = isReal ? 2 ** (15 + random.below(15)) : 9 * inputs;
      return {
        input: isReal
          ? { activations: 'real', shift: input }
          : { activations: 'binary', threshold: input, padding: paddingOf(activations?.[i]) },
        conv: randomConv(
          taus[i],
          structures[i],
          inputs * outputs,
          random,
          mood === 'small' ? 'uneven' : 'even',
        ),
        requantizer: randomRequantizer(outputs, reach, random, mood),
        shortcut:
          shortcut === 'downsample'
            ? {
                weight,
                requantizer: randomRequantizer(outputs, matrixBound(weight, outputs), random, mood),
              }
            : null,
        slope: shorts(outputs),
        shiftOut: shorts(outputs),
      };
    }),
    classifier: {
      weight: bytes(classifier.classes * classifier.inputs),
      bias: Int32Array.from(draws(classifier.classes, random, mood, 2 ** 24)),
      scale: 0.5 + random.uniform(),
    },
    provenance: provenanceOf(seed),
  };
}

/** The same with real weights in its 3x3 convolutions, and real activations. */
export function randomReal(plan: Omit<ModelPlan, 'mood'>): TrainedNetwork {
  const network = randomTrained(plan);
  const random = stream(plan.seed, 'real');
  const blocks = network.blocks.map(({ conv, ...block }) => {
    const weight = Float32Array.from({ length: 9 * conv.indices.length }, () => random.normal());
    return { ...block, conv: { kind: 'real', weight } as const };
  });
  return { ...network, activations: 'real', blocks };
}

/** Random pixels, [count, height, width, channels]. */
export function randomImages(shape: NetworkShape, count: number, seed: number): Uint8Array {
  const random = stream(seed, 'images');
  const { height, width, channels } = shape.input;
  return Uint8Array.from({ length: count * height * width * channels }, () => random.below(256));
}

/** A network with parameters of the size that training gives them. */
export function randomTrained({
  seed,
  shape,
  taus,
  structures,
  activations: [sight] = ['binary'],
}: Omit<ModelPlan, 'mood'>) {
  const random = stream(seed, 'trained');
  const normal = (length: number, deviation: number, center = 0) =>
    Float32Array.from({ length }, () => center + deviation * random.normal());
  const norm = (channels: number, deviation: number): TrainedNorm => ({
    gamma: normal(channels, 0.3, 1),
    beta: normal(channels, 0.3),
    mean: normal(channels, 0.3 * deviation),
    variance: normal(channels, 0.1).map((v) => deviation ** 2 * Math.exp(v)),
  });
  const trainedConv = (i: number, inputs: number, outputs: number): TrainedBinaryConv => {
    const { tau, structure, members, indices } = randomConv(
      taus[i],
      structures[i],
      inputs * outputs,
      random,
    );
    const order = permutation(structure === 'free' ? members.length : members.length / 2, random);
    const shuffled = Uint16Array.from(order, (j) => members[j]);
    return {
      kind: 'binary',
      tau,
      structure,
      members:
        structure === 'free'
          ? shuffled
          : Uint16Array.from([...shuffled, ...shuffled.map((code) => 511 - code)]),
      indices,
      alpha: normal(outputs, 0.05, 0.4),
    };
  };
  const { input, stem, classifier } = shape;
  const { kernel, output } = stem.conv;
  const fanIn = kernel * kernel * input.channels;
  const network: TrainedBinaryNetwork = {
    shape,
    activations: sight === 'real' ? 'real' : 'binary',
    padding: paddingOf(sight),
    input: {
      zero: Array.from({ length: input.channels }, () => random.below(256)),
      scale: Array.from({ length: input.channels }, () => 50 + 30 * random.uniform()),
    },
    classes: Array.from({ length: classifier.classes }, (_, k) => `class ${k}`),
    stem: {
      weight: normal(output.channels * fanIn, Math.sqrt(1 / fanIn)),
      norm: norm(output.channels, 1),
    },
    blocks: shape.blocks.map(({ conv, shortcut }, i) => {
      const [inputs, outputs] = [conv.input.channels, conv.output.channels];
      return {
        shiftIn: normal(inputs, 0.2),
        conv: trainedConv(i, inputs, outputs),
        norm: norm(outputs, 0.4 * Math.sqrt(9 * inputs)),
        shortcut:
          shortcut === 'downsample'
            ? { weight: normal(inputs * outputs, Math.sqrt(1 / inputs)), norm: norm(outputs, 1) }
            : null,
        shiftMid: normal(outputs, 0.2),
        slope: normal(outputs, 0.1, 0.25),
        shiftOut: normal(outputs, 0.2),
      };
    }),
    classifier: {
      weight: normal(classifier.classes * classifier.inputs, Math.sqrt(1 / classifier.inputs)),
      bias: normal(classifier.classes, 0.1),
    },
  };
  return network;
}
