import { crc32c } from '../model/container/crc32c.js';
import type { PackedModel } from '../model/packed.js';
import { aligned } from './constants.js';
import { type Program, storedBytes } from './program.js';

/** The image's first bytes: `\x89SNR\r\n\x1a\n`. */
const imageMagic = Uint8Array.of(0x89, 0x53, 0x4e, 0x52, 0x0d, 0x0a, 0x1a, 0x0a);

const imageVersion = 1;

/** Bytes of the header, and of an entry of the table of maps. */
const headerBytes = 96;
const mapBytes = 32;

/** What an image tells beside its program. */
export interface ImageLabels {
  readonly name: string;
  /** Names of the classes, in order of the logits; or none. */
  readonly classes: readonly string[];
  /** Real value of one unit of a logit. */
  readonly logitScale: number;
}

/** The labels of a packed model's image. */
export function labelsOf({ name, classes, classifier }: PackedModel): ImageLabels {
  return { name, classes, logitScale: classifier.scale };
}

function stringBytes(strings: readonly string[]): Uint8Array {
  return new TextEncoder().encode(
    strings.map((text) => `${text.replaceAll('\0', ' ')}\0`).join(''),
  );
}

/**
 * A program as one array of bytes, the runtime image, which docs/runtime.md describes: what the C
 * library and the browser's run. It must be placed at a multiple of 64 to have its constants there.
 */
export function encodeImage(program: Program, labels: ImageLabels): Uint8Array {
  const { vector, constants, operations, maps, image, arenaBytes, scratchBytes } = program;
  const strings = stringBytes([labels.name, ...maps.map(({ name }) => name), ...labels.classes]);
  const operationBytes = operations.reduce((sum, { words }) => sum + 4 + words.byteLength, 0);
  const operationsAt = headerBytes;
  const mapsAt = operationsAt + operationBytes;
  const stringsAt = mapsAt + mapBytes * maps.length;
  const constantsAt = aligned(stringsAt + strings.length);
  const size = constantsAt + constants.length + 4;

  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const putWords = (at: number, words: Iterable<number>) => {
    for (const word of words) {
      view.setInt32(at, word, true);
      at += 4;
    }
    return at;
  };
  bytes.set(imageMagic);
  const { height, width, channels } = image.shape;
  putWords(8, [
    ...[imageVersion, size, vector],
    ...[image.offset, height, width, channels],
    ...[arenaBytes, scratchBytes],
    ...[operations.length, operationsAt, maps.length, mapsAt],
    ...[labels.classes.length, stringsAt, strings.length],
    ...[constantsAt, constants.length],
  ]);
  view.setFloat64(80, labels.logitScale, true);
  let at = operationsAt;
  for (const { words } of operations) at = putWords(at, [words.length, ...words]);
  for (const map of maps) {
    const { shape, stored, operation, place } = map;
    at = putWords(at, [
      ...[shape.height, shape.width, shape.channels, stored],
      storedBytes(map) / (shape.height * shape.width * stored),
      operation,
      ...('offset' in place ? [place.offset, 0] : [-1, place.word]),
    ]);
  }
  bytes.set(strings, stringsAt);
  bytes.set(constants, constantsAt);
  view.setUint32(size - 4, crc32c(bytes.subarray(0, size - 4)), true);
  return bytes;
}
