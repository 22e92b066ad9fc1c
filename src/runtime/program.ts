import type { MapShape } from '../model/network.js';
import type { VectorBytes } from './binary-conv.js';
import { aligned } from './constants.js';

/** The operations of kernels/program.h, in its order. */
const operationNames = [
  'padImage',
  'stem',
  'maxPool',
  'encode',
  'transpose',
  'downsample',
  'block',
  'convolve',
  'maxPoolSums',
  'activate',
  'average',
  'classify',
] as const;
export type OperationName = (typeof operationNames)[number];

/** One operation: its code, then its fields. */
export interface Operation {
  /** `stem`, `stage0.block0`, ...: what its time counts for. */
  readonly part: string;
  readonly name: OperationName;
  readonly words: Int32Array;
}

/** The operation of the given name and fields. */
export function operation(part: string, name: OperationName, fields: readonly number[]): Operation {
  return { part, name, words: Int32Array.of(operationNames.indexOf(name), ...fields) };
}

/** How a map is stored: [height, width, stored channels]. */
export interface StoredMap {
  readonly name: string;
  readonly shape: MapShape;
  readonly stored: number;
  readonly kind: 'int16' | 'int32';
}

/** A map that lies in the arena. */
export interface PlacedMap extends StoredMap {
  readonly offset: number;
}

/** A map of a program. */
export interface ProgramMap extends StoredMap {
  /** Behind this operation it is there; a later one may overwrite it. */
  readonly operation: number;
  /**
   * Where in the arena; or, for accumulators that only a probe keeps, which word of the operation says
   * where: -1 if nowhere.
   */
  readonly place: { readonly offset: number } | { readonly word: number };
}

/** Bytes of a map as it is stored. */
export function storedBytes({ shape: { height, width }, stored, kind }: StoredMap): number {
  return height * width * stored * (kind === 'int16' ? 2 : 4);
}

/** Copies a map out of an arena that starts at `arena`: [height, width, channels]. */
export function readMap(
  memory: ArrayBuffer,
  arena: number,
  { shape: { height, width, channels }, stored, offset, kind }: PlacedMap,
): Int32Array {
  const Values = kind === 'int16' ? Int16Array : Int32Array;
  const values = new Values(memory, arena + offset, height * width * stored);
  const map = new Int32Array(height * width * channels);
  for (let p = 0; p < height * width; p++) {
    map.set(values.subarray(p * stored, p * stored + channels), p * channels);
  }
  return map;
}

/** A packed model as operations over constants and an arena of maps (kernels/program.h). */
export interface Program {
  readonly vector: VectorBytes;
  readonly constants: Uint8Array;
  readonly operations: readonly Operation[];
  readonly arenaBytes: number;
  /** Bytes of a thread's own. */
  readonly scratchBytes: number;
  /** Where the pixels go, [height, width, channels] bytes. */
  readonly image: { readonly offset: number; readonly bytes: number; readonly shape: MapShape };
  readonly logits: PlacedMap;
  /** Every map of the trace in its order (model/trace.ts); the last one is the logits. */
  readonly maps: readonly ProgramMap[];
  /** Bytes that the kernels of the binary layers hold in place of the model's indices. */
  readonly binaryBytes: number;
}

/** A program of which every map lies in the arena, each behind its operation. */
export interface ProbedProgram extends Program {
  readonly maps: readonly (ProgramMap & PlacedMap)[];
}

/** The same program with room behind the arena for accumulators, which take turns in it. */
export function probed(program: Program): ProbedProgram {
  const { arenaBytes, operations } = program;
  const redirected = operations.map((each) => ({ ...each, words: each.words.slice() }));
  let room = 0;
  const maps = program.maps.map((map) => {
    if ('offset' in map.place) return { ...map, ...map.place };
    redirected[map.operation].words[map.place.word] = arenaBytes;
    room = Math.max(room, storedBytes(map));
    return { ...map, offset: arenaBytes };
  });
  return { ...program, maps, operations: redirected, arenaBytes: arenaBytes + aligned(room) };
}
