import type { MapShape } from '../model/network.js';
import type { VectorBytes } from './binary-conv.js';

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

/** Where a map lies in the arena: [height, width, stored channels]. */
export interface PlacedMap {
  readonly name: string;
  readonly shape: MapShape;
  readonly stored: number;
  readonly offset: number;
  readonly kind: 'int16' | 'int32';
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
  readonly image: { readonly offset: number; readonly bytes: number };
  readonly logits: PlacedMap;
  /** Every map that was kept, in order of computation. */
  readonly maps: readonly PlacedMap[];
  /** Bytes that the kernels of the binary layers hold in place of the model's indices. */
  readonly binaryBytes: number;
}
