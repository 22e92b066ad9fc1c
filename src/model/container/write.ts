import { Failure } from '../../util/failure.js';
import { modelViolation } from '../bounds.js';
import { architectureOf } from '../layout.js';
import {
  inputConstants,
  modelSight,
  type PackedModel,
  type PackedReal,
  type Requantizer,
} from '../packed.js';
import { packBits } from './bits.js';
import { type ByteWriter, buildBytes } from './bytes.js';
import { writeSections } from './envelope.js';
import { codeIndices, writeCoded } from './indices.js';
import { metadataLimit, metadataText } from './metadata.js';
import { families, originVersion, type SectionTag, sights } from './sections.js';
import { versionOf } from './version.js';

function writeRequantizer(writer: ByteWriter, requantizer: Requantizer): void {
  writer.u8(requantizer.preShift);
  writer.u8(requantizer.shift);
  writer.i16s(requantizer.multiplier);
  writer.i32s(requantizer.bias);
}

function writeReal(
  writer: ByteWriter,
  { weight, requantizer }: PackedReal<Int8Array> | PackedReal<Int16Array>,
): void {
  if (weight instanceof Int8Array) writer.i8s(weight);
  else writer.i16s(weight);
  writeRequantizer(writer, requantizer);
}

function architectureSection(model: PackedModel, version: number): Uint8Array {
  const { input, classifier } = model.shape;
  const { family, stages, width, stem } = architectureOf(model.shape);
  return buildBytes((writer) => {
    writer.u8(families[family].code);
    if (version >= originVersion) writer.u8(sights.indexOf(modelSight(model)));
    writer.u8(stem.kernel);
    writer.u8(stem.stride);
    writer.u8(stem.pool ? 1 : 0);
    writer.u16(input.height);
    writer.u16(input.width);
    writer.u16(input.channels);
    writer.u16(width);
    writer.u16(classifier.classes);
    writer.u8(model.fractionBits);
    writer.u8(stages.length);
    for (const blocks of stages) writer.u8(blocks);
    writer.raw(model.inputZero);
    for (const { conv } of model.blocks) {
      writer.u8(conv.tau);
      writer.u8(conv.structure === 'antipodal' ? 1 : 0);
    }
  });
}

/** Members that a reader cannot know: none of all 512, half of an antipodal subset. */
function writtenMembers({ conv }: PackedModel['blocks'][number]): Uint16Array {
  if (conv.tau === 9) return new Uint16Array();
  const { members, structure } = conv;
  return structure === 'antipodal' ? members.subarray(0, members.length / 2) : members;
}

function metadataSection(model: PackedModel): Uint8Array {
  const bytes = new TextEncoder().encode(metadataText(model));
  if (bytes.length <= metadataLimit) return bytes;
  throw new Failure(
    'input',
    `the names of the classes take ${bytes.length} bytes in the packed model; at most ${metadataLimit} are allowed`,
    ['give the classes shorter names'],
  );
}

function sectionBytes(model: PackedModel, version: number): Record<SectionTag, Uint8Array> {
  const { blocks, classifier } = model;
  return {
    META: metadataSection(model),
    ARCH: architectureSection(model, version),
    STEM: buildBytes((writer) => writeReal(writer, model.stem)),
    SUBS: buildBytes((writer) => {
      for (const block of blocks) writer.raw(packBits(writtenMembers(block), 9));
    }),
    INDX: buildBytes((writer) => {
      for (const { conv } of blocks) {
        if (version < originVersion) writer.raw(packBits(conv.indices, conv.tau));
        else writeCoded(writer, codeIndices(conv.indices, conv.tau));
      }
    }),
    BLKS: buildBytes((writer) => {
      for (const block of blocks) {
        writer.i16s(inputConstants(block.input));
        writeRequantizer(writer, block.requantizer);
        if (block.shortcut) writeReal(writer, block.shortcut);
        writer.i16s(block.slope);
        writer.i16s(block.shiftOut);
      }
    }),
    HEAD: buildBytes((writer) => {
      writer.i8s(classifier.weight);
      writer.i32s(classifier.bias);
      writer.f64(classifier.scale);
    }),
  };
}

/**
 * The model as the bytes of a `.snn` file (docs/format.md). Equal models give equal bytes.
 *
 * @throws Error where the model breaks a rule of docs/arithmetic.md
 * @throws Failure where the names of its classes are too long
 */
export function encodeModel(model: PackedModel): Uint8Array {
  const violation = modelViolation(model);
  if (violation) throw new Error(`${violation.where}: ${violation.what}`);
  const version = versionOf(model);
  return writeSections({ version, bodies: sectionBytes(model, version) });
}
