import { limits, modelViolation, shapeViolation } from '../bounds.js';
import { type BlockSizes, blockSizes } from '../layout.js';
import { type Architecture, layOut, type NetworkShape } from '../network.js';
import type {
  PackedBinaryConv,
  PackedBlock,
  PackedInput,
  PackedModel,
  PackedReal,
  Requantizer,
  Sight,
} from '../packed.js';
import { readBits } from './bits.js';
import { type ByteReader, byteReader } from './bytes.js';
import { describeSection, readSections, refuser } from './envelope.js';
import { type Coding, readCoded, readPlain } from './indices.js';
import { readMetadata } from './metadata.js';
import { families, originVersion, type SectionTag, sectionTags, sights } from './sections.js';
import { versionOf } from './version.js';

interface Outline {
  readonly shape: NetworkShape;
  readonly fractionBits: number;
  readonly inputZero: Uint8Array;
  readonly sight: Sight;
  readonly convs: readonly Pick<PackedBinaryConv, 'tau' | 'structure'>[];
}

function readFamily(
  reader: ByteReader,
  version: number,
  fail: (what: string) => never,
): Architecture['family'] {
  const code = reader.u8();
  const known = (['bireal', 'vgg'] as const).filter(
    (name) => version >= originVersion || families[name].version === version,
  );
  const found = known.find((name) => families[name].code === code);
  return found ?? fail(`has family ${code}, which is none of format version ${version}`);
}

function readArchitecture(
  reader: ByteReader,
  version: number,
  fail: (what: string) => never,
): Outline {
  const oneOf = <Value extends number>(what: string, allowed: readonly Value[]): Value => {
    const value = reader.u8();
    const found = allowed.find((candidate) => candidate === value);
    return found ?? fail(`has ${what} ${value}, not ${allowed.join(' or ')}`);
  };
  const family = readFamily(reader, version, fail);
  const sight = sights[version < originVersion ? 0 : oneOf('activations', [0, 1, 2])];
  const kernel = oneOf('stem kernel', [3, 7]);
  const stride = oneOf('stem stride', [1, 2]);
  const pool = oneOf('stem pooling', [0, 1]) === 1;
  const input = { height: reader.u16(), width: reader.u16(), channels: reader.u16() };
  const width = reader.u16();
  const classes = reader.u16();
  const fractionBits = reader.u8();
  const stages = Array.from(reader.raw(reader.u8()));
  if (stages.at(-1) === 0) fail('ends with a stage without blocks');
  if (stages.length > 1 + Math.log2(limits.channels)) fail(`has ${stages.length} stages`);
  const inputZero = reader.raw(input.channels).slice();
  const blocks = stages.reduce((sum, count) => sum + count, 0);
  const records = reader.raw(2 * blocks);
  if (family === 'vgg' && blocks === 0) fail('has a family of blocks without any');
  const stem = { kernel, stride, pool };
  const shape = layOut({ family, stages, width, stem }, input, classes);
  const violation = shapeViolation(shape);
  if (violation) fail(`is out of bounds: ${violation.where}: ${violation.what}`);

  const convs = shape.blocks.map(({ name }, i) => {
    const [tau, structure] = [records[2 * i], records[2 * i + 1]];
    if (tau < 1 || tau > 9) fail(`has tau ${tau} in ${name}, not 1 to 9`);
    if (structure > 1) fail(`has subset structure ${structure} in ${name}, not 0 or 1`);
    return { tau, structure: structure === 1 ? ('antipodal' as const) : ('free' as const) };
  });
  return { shape, sight, fractionBits, inputZero, convs };
}

function readRequantizer(reader: ByteReader, channels: number): Requantizer {
  return {
    preShift: reader.u8(),
    shift: reader.u8(),
    multiplier: reader.i16s(channels),
    bias: reader.i32s(channels),
  };
}

function readShortcut(reader: ByteReader, inputs: number, outputs: number): PackedReal<Int8Array> {
  return { weight: reader.i8s(inputs * outputs), requantizer: readRequantizer(reader, outputs) };
}

function readMembers(
  reader: ByteReader,
  { tau, structure }: Pick<PackedBinaryConv, 'tau' | 'structure'>,
  fail: (what: string) => never,
): Uint16Array {
  if (tau === 9) return Uint16Array.from({ length: 512 }, (_, code) => code);
  if (structure === 'free') return readBits(reader, 2 ** tau, 9, fail);
  const half = readBits(reader, 2 ** (tau - 1), 9, fail);
  return Uint16Array.from([...half, ...half.map((code) => 511 - code)]);
}

function inputOf(sight: Sight, constants: Int16Array): PackedInput {
  switch (sight) {
    case 'real':
      return { activations: 'real', shift: constants };
    case 'binary':
      return { activations: 'binary', threshold: constants, padding: 'minus-one' };
    case 'zero-padded':
      return { activations: 'binary', threshold: constants, padding: 'zero' };
  }
}

function readBlock(
  reader: ByteReader,
  sight: Sight,
  conv: PackedBinaryConv,
  { inputs, outputs, downsample }: BlockSizes,
): PackedBlock {
  return {
    input: inputOf(sight, reader.i16s(inputs)),
    conv,
    requantizer: readRequantizer(reader, outputs),
    shortcut: downsample ? readShortcut(reader, inputs, outputs) : null,
    slope: reader.i16s(outputs),
    shiftOut: reader.i16s(outputs),
  };
}

/** How a file holds its model. */
export interface FileLayout {
  /** Of the format. */
  readonly version: number;
  readonly fileBytes: number;
  readonly sections: Readonly<Record<SectionTag, number>>;
  /** How each block's indices are coded, and the bytes that they take with what tells the coding. */
  readonly indices: readonly { readonly coding: Coding; readonly bytes: number }[];
}

/** A packed model, and how its file holds it. */
export interface ModelFile {
  readonly model: PackedModel;
  readonly layout: FileLayout;
}

/** Reads a `.snn` file as {@link readModel} does, for the model alone. */
export function decodeModel(bytes: Uint8Array, file = 'model'): PackedModel {
  return readModel(bytes, file).model;
}

/**
 * Reads a `.snn` file (docs/format.md). Whatever the bytes, it returns a model that keeps every rule
 * of docs/arithmetic.md or throws; nothing is allocated that the file's size does not back.
 *
 * @param file what to call the file in errors
 * @throws Failure naming the section that is cut off, damaged or breaks a rule
 */
export function readModel(bytes: Uint8Array, file = 'model'): ModelFile {
  const refuse = refuser(file);
  const { version, bodies } = readSections(new Uint8Array(bytes), file, refuse);
  const section = <Value>(
    tag: SectionTag,
    read: (reader: ByteReader, fail: (what: string) => never) => Value,
  ): Value => {
    const fail = (what: string): never => refuse(describeSection(tag), what);
    const reader = byteReader(bodies[tag], fail);
    const value = read(reader, fail);
    reader.end();
    return value;
  };

  const architecture = section('ARCH', (reader, fail) => readArchitecture(reader, version, fail));
  const { shape, sight, fractionBits, inputZero, convs } = architecture;
  const sizes = blockSizes(shape);
  const { name, classes, provenance } = section('META', (reader, fail) =>
    readMetadata(reader.raw(bodies.META.length), version, fail),
  );
  const stem = section('STEM', (reader) => {
    const { kernel, input, output } = shape.stem.conv;
    const weights = output.channels * kernel ** 2 * input.channels;
    return {
      weight: reader.i16s(weights),
      requantizer: readRequantizer(reader, output.channels),
    };
  });
  const members = section('SUBS', (reader, fail) =>
    convs.map((conv) => readMembers(reader, conv, fail)),
  );
  const indices = section('INDX', (reader, fail) =>
    convs.map(({ tau }, i) => {
      const read = version < originVersion ? readPlain : readCoded;
      return read(reader, sizes[i].inputs * sizes[i].outputs, tau, fail);
    }),
  );
  const blocks = section('BLKS', (reader) =>
    convs.map((outline, i) => {
      const conv = { ...outline, members: members[i], indices: indices[i].values };
      return readBlock(reader, sight, conv, sizes[i]);
    }),
  );
  const classifier = section('HEAD', (reader) => ({
    weight: reader.i8s(shape.classifier.classes * shape.classifier.inputs),
    bias: reader.i32s(shape.classifier.classes),
    scale: reader.f64(),
  }));

  const model: PackedModel = {
    name,
    shape,
    classes,
    inputZero,
    fractionBits,
    stem,
    blocks,
    classifier,
    provenance,
  };
  const violation = modelViolation(model);
  if (violation) refuse(violation.where, `breaks a rule: ${violation.what}`);
  const lowest = versionOf(model);
  if (version !== lowest) refuse('header', `has format version ${version}, not ${lowest}`);
  const sectionBytes = sectionTags.map((tag) => [tag, bodies[tag].length]);
  const layout: FileLayout = {
    version,
    fileBytes: bytes.length,
    sections: Object.fromEntries(sectionBytes),
    indices: indices.map(({ coding, bytes: taken }) => ({ coding, bytes: taken })),
  };
  return { model, layout };
}
