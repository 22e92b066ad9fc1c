import { describe, expect, it } from 'vitest';
import { dataSets } from '../../src/data/sets.js';
import { costOf } from '../../src/model/cost.js';
import { blockOutput, isPooled, lastMap, layOut } from '../../src/model/network.js';
import { layoutOf } from '../../src/nn/layout.js';
import {
  type PresetName,
  presets,
  resolveArchitecture,
  type WrittenArchitecture,
} from '../../src/spec/architectures.js';
import type { KnownSetName } from '../../src/spec/types.js';

function networkOf(architecture: WrittenArchitecture, set: KnownSetName) {
  const { image, classes } = dataSets[set];
  return layOut(resolveArchitecture(architecture, image), image, classes);
}

interface Figures {
  readonly preset: PresetName;
  readonly set: KnownSetName;
  /** Weights of the network of that name with real convolutions, norms and 1x1 downsampling. */
  readonly parameters: number;
  /** Weights of its binary 3x3 convolutions. */
  readonly binary: number;
  /** Bit operations of its binary layers at 1, 0.67, 0.56 and 0.44 bit. */
  readonly bitOps: readonly number[];
  /** What 0.56 bit saves. */
  readonly ratio: string;
}

/*
 * Parameters of the ResNets: as torchvision (ResNet-18 and -34, 1000 classes) and their usual CIFAR
 * forms count them. All else: by hand from the lists of convolutions in the networks' papers.
 */
const figures: readonly Figures[] = [
  {
    preset: 'bireal6',
    set: 'mnist',
    parameters: 77_754,
    binary: 73_728,
    bitOps: [2_465_280, 2_465_280, 2_072_064, 1_549_824],
    ratio: '1.19',
  },
  {
    preset: 'resnet20',
    set: 'cifar10',
    parameters: 272_474,
    binary: 267_264,
    bitOps: [40_108_032, 40_108_032, 34_340_864, 25_329_664],
    ratio: '1.17',
  },
  {
    preset: 'resnet18',
    set: 'cifar10',
    parameters: 11_173_962,
    binary: 10_985_472,
    bitOps: [547_356_672, 288_620_544, 163_708_928, 97_058_816],
    ratio: '3.34',
  },
  {
    preset: 'resnet18',
    set: 'imagenet',
    parameters: 11_689_512,
    binary: 10_985_472,
    bitOps: [1_676_279_808, 883_900_416, 501_358_592, 297_242_624],
    ratio: '3.34',
  },
  {
    preset: 'resnet34',
    set: 'cifar10',
    parameters: 21_282_122,
    binary: 21_086_208,
    bitOps: [1_151_336_448, 553_910_272, 315_228_160, 189_595_648],
    ratio: '3.65',
  },
  {
    preset: 'resnet34',
    set: 'imagenet',
    parameters: 21_797_672,
    binary: 21_086_208,
    bitOps: [3_525_967_872, 1_696_350_208, 965_386_240, 580_636_672],
    ratio: '3.65',
  },
  {
    preset: 'vgg-small',
    set: 'mnist',
    parameters: 4_581_002,
    binary: 4_571_136,
    bitOps: [462_422_016, 148_520_960, 87_105_536, 56_397_824],
    ratio: '5.31',
  },
  {
    preset: 'vgg-small',
    set: 'cifar10',
    parameters: 4_583_306,
    binary: 4_571_136,
    bitOps: [603_979_776, 193_986_560, 113_770_496, 73_662_464],
    ratio: '5.31',
  },
];

/** What Bi-Real's and ReActNet's blocks have on top of a network of real convolutions. */
const ofBinaryNetworks = /\.(shiftIn|shiftMid|slope|shiftOut)$/;

it('holds every preset to figures', () => {
  expect([...new Set(figures.map(({ preset }) => preset))].sort()).toEqual(
    Object.keys(presets).sort(),
  );
});

describe.each(figures)('$preset on $set', ({ preset, set, parameters, binary, bitOps, ratio }) => {
  const shape = networkOf(preset, set);
  const costs = [9, 6, 5, 4].map(
    (tau) => costOf(shape, { tau, structure: 'free', activations: 'binary' }).total,
  );

  it('has as many parameters as the network of that name', () => {
    const plain = [...layoutOf(shape).parameters.values()].filter(
      ({ name }) => !ofBinaryNetworks.test(name),
    );
    expect(plain.reduce((sum, { size }) => sum + size, 0)).toBe(parameters);
    expect(costs.map(({ subBitBits }) => subBitBits)).toEqual(
      [9, 6, 5, 4].map((tau) => (binary / 9) * tau),
    );
  });

  it('takes the bit operations that the rule of the published tables gives', () => {
    expect(costs.map(({ subBitOps }) => subBitOps)).toEqual(bitOps);
    expect((costs[0].subBitOps / costs[2].subBitOps).toFixed(2)).toBe(ratio);
  });
});

describe('vgg-small', () => {
  it.each([
    ['cifar10', 32, [16, 16, 8, 8, 4]],
    ['mnist', 28, [14, 14, 7, 7, 4]],
    ['imagenet', 56, [28, 28, 14, 14, 7]],
  ] as const)('on %s: a stem to %ix%i, then %j', (set, stem, sides) => {
    const { blocks, stem: first, ...rest } = networkOf('vgg-small', set);
    expect(first.output).toEqual({ height: stem, width: stem, channels: 128 });
    expect(blocks.map((block) => blockOutput(block).width)).toEqual(sides);
    expect(blocks.map(({ conv }) => conv.output.channels)).toEqual([128, 256, 256, 512, 512]);
    expect(blocks.map(isPooled)).toEqual([true, false, true, false, true]);
    expect(new Set(blocks.map(({ shortcut }) => shortcut))).toEqual(new Set(['none']));
    expect(lastMap({ blocks, stem: first }).channels).toBe(rest.classifier.inputs);
  });
});

describe('resnet20', () => {
  it('keeps 32x32 through its stem, and halves twice', () => {
    const { stem, blocks } = networkOf('resnet20', 'cifar10');
    expect(stem.output).toEqual({ height: 32, width: 32, channels: 16 });
    expect(blocks.map(({ conv }) => conv.output.width)).toEqual(
      [32, 16, 8].flatMap((side) => new Array(6).fill(side)),
    );
  });

  it('saves no operations at all at tau 6: as many responses as the widest layer has outputs', () => {
    const shape = networkOf('resnet20', 'cifar10');
    const free = costOf(shape, { tau: 6, structure: 'free', activations: 'binary' });
    expect(free.layers.map(({ shares }) => shares)).toEqual(new Array(18).fill(false));
    expect(free.total.subBitOps).toBe(free.total.oneBitOps);
    const antipodal = costOf(shape, { tau: 6, structure: 'antipodal', activations: 'binary' });
    expect(antipodal.layers.map(({ shares }) => shares)).toEqual([
      ...new Array(12).fill(false),
      ...new Array(6).fill(true),
    ]);
  });
});

describe('an architecture that is written out', () => {
  const image = { height: 32, width: 32, channels: 3 };

  it('is of the Bi-Real family unless it says otherwise', () => {
    const plain = { stages: [1, 1], width: 4 };
    expect(resolveArchitecture(plain, image).family).toBe('bireal');
    expect(resolveArchitecture({ ...plain, family: 'vgg' }, image)).toEqual({
      family: 'vgg',
      ...plain,
      stem: { kernel: 3, stride: 1, pool: false },
    });
  });

  it('keeps the family of the preset that it changes', () => {
    const narrow = resolveArchitecture({ preset: 'vgg-small', width: 32 }, image);
    expect(narrow).toMatchObject({ family: 'vgg', stages: [1, 2, 2], width: 32 });
  });
});
