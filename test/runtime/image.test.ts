import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32c } from '../../src/model/container/crc32c.js';
import { compile } from '../../src/runtime/compile.js';
import { encodeImage, labelsOf } from '../../src/runtime/image.js';
import { modelPlans, randomModel } from '../model/networks.js';

/** An image read as docs/runtime.md describes it. */
function read(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const words = (at: number, count: number) =>
    Array.from({ length: count }, (_, i) => view.getInt32(at + 4 * i, true));
  const [version, size, vector, pixels, height, width, channels] = words(8, 7);
  const [arena, scratch, operationCount, operationsAt, mapCount, mapsAt] = words(36, 6);
  const [classCount, stringsAt, stringBytes, constantsAt, constantBytes] = words(60, 5);
  let at = operationsAt;
  const operations = Array.from({ length: operationCount }, () => {
    const [count] = words(at, 1);
    at += 4 + 4 * count;
    return words(at - 4 * count, count);
  });
  expect(at).toBe(mapsAt);
  const strings = new TextDecoder()
    .decode(bytes.subarray(stringsAt, stringsAt + stringBytes))
    .split('\0');
  expect(strings.pop()).toBe('');
  const maps = Array.from({ length: mapCount }, (_, i) => words(mapsAt + 32 * i, 8));
  const crc = view.getUint32(bytes.length - 4, true);
  expect(crc).toBe(crc32c(bytes.subarray(0, bytes.length - 4)));
  expect(constantsAt % 64).toBe(0);
  return {
    magic: [...bytes.subarray(0, 8)],
    ...{ version, size, vector, pixels, height, width, channels, arena, scratch, operations },
    scale: view.getFloat64(80, true),
    name: strings[0],
    maps: maps.map((map, i) => [strings[1 + i], ...map]),
    classes: strings.slice(1 + mapCount, 1 + mapCount + classCount),
    constants: bytes.subarray(constantsAt, constantsAt + constantBytes),
  };
}

it('holds all of a program, as its page tells', () => {
  fc.assert(
    fc.property(modelPlans, fc.constantFrom<16 | 32>(16, 32), (plan, vector) => {
      const model = randomModel(plan);
      const program = compile(model, { vector, kernel: null });
      const bytes = encodeImage(program, labelsOf(model));
      const image = read(bytes);
      expect(image).toEqual({
        magic: [0x89, 0x53, 0x4e, 0x52, 0x0d, 0x0a, 0x1a, 0x0a],
        version: 1,
        size: bytes.length,
        vector,
        pixels: program.image.offset,
        ...model.shape.input,
        arena: program.arenaBytes,
        scratch: program.scratchBytes,
        operations: program.operations.map(({ words }) => [...words]),
        scale: model.classifier.scale,
        name: model.name,
        maps: program.maps.map(({ name, shape, stored, kind, operation, place }) => [
          ...[name, shape.height, shape.width, shape.channels, stored],
          ...[kind === 'int16' ? 2 : 4, operation],
          ...('offset' in place ? [place.offset, 0] : [-1, place.word]),
        ]),
        classes: [...model.classes],
        constants: program.constants,
      });
      expect(image.maps.at(-1)?.[0]).toBe('logits');
    }),
    { numRuns: 60 },
  );
});
