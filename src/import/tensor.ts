import type { Allowance } from './allowance.js';

/** Types of elements that a checkpoint may hold, and their bytes. */
export const elementBytes = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;
export type ElementType = keyof typeof elementBytes;

/** Where a tensor's elements lie in its storage: element [i, j, ...] at offset + i * strides[0] + ... */
export interface Placement {
  readonly shape: readonly number[];
  /** Counted in elements, none negative; as many as `shape` has. */
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A tensor that lies in a checkpoint, not copied yet. */
export interface StoredTensor extends Placement {
  readonly type: ElementType;
  /** The storage, little-endian. */
  readonly bytes: Uint8Array;
}

/** The tensors of a checkpoint by name, and the file's format in words. */
export interface Checkpoint {
  readonly format: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Most axes that a tensor may have. */
const axesLimit = 16;

/** Elements of a tensor of this shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Strides of a tensor whose elements lie row by row without gaps. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementsOf(shape.slice(axis + 1)));
}

/** Whether a tensor's elements lie row by row without gaps. */
function isRowMajor({ shape, strides }: Placement): boolean {
  const usual = rowMajorStrides(shape);
  return shape.every((size, axis) => size <= 1 || strides[axis] === usual[axis]);
}

/** Why a tensor does not lie within a storage of `elements`; null: it does. */
export function placementProblem(
  { shape, strides, offset }: Placement,
  elements: number,
): string | null {
  const counts = [...shape, ...strides, offset];
  if (shape.length !== strides.length || shape.length > axesLimit) return 'has no sound shape';
  if (!counts.every((n) => Number.isSafeInteger(n) && n >= 0)) return 'has no sound shape';
  if (elementsOf(shape) === 0) return null;
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], offset);
  return last < elements ? null : `reaches beyond its storage of ${elements} elements`;
}

/**
 * Sets aside what a tensor would take as float32, so that tensors that share a storage cannot take
 * more in all than the file backs.
 */
export function chargeTensor(shape: readonly number[], at: number, allowance: Allowance): void {
  allowance.charge(4 * elementsOf(shape), at);
}

/** A half-precision float (IEEE 754 binary16) by its bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** A bfloat16, the upper half of a float32, by its bits. */
function brain(bits: number): number {
  word.setUint16(0, bits);
  word.setUint16(2, 0);
  return word.getFloat32(0);
}

/** Reads element `i` of a storage of floats; null where its elements are no floats. */
function floatReader({ type, bytes }: StoredTensor): ((i: number) => number) | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'float32':
      return (i) => view.getFloat32(4 * i, true);
    case 'float64':
      return (i) => view.getFloat64(8 * i, true);
    case 'float16':
      return (i) => half(view.getUint16(2 * i, true));
    case 'bfloat16':
      return (i) => brain(view.getUint16(2 * i, true));
    default:
      return null;
  }
}

/** Whether a tensor's elements are floats of any width. */
export function isFloat({ type }: Pick<StoredTensor, 'type'>): boolean {
  return type.includes('float');
}

/**
 * A copy of a float tensor's elements, row by row, as float32.
 *
 * @throws Error where its elements are no floats
 */
export function floatsOf(tensor: StoredTensor): Float32Array {
  const { type, bytes, shape, strides, offset } = tensor;
  if (type === 'float32' && isRowMajor(tensor)) {
    const copy = new Uint8Array(bytes.subarray(4 * offset, 4 * (offset + elementsOf(shape))));
    return new Float32Array(copy.buffer);
  }
  const read = floatReader(tensor);
  if (!read) throw new Error(`a tensor of ${tensor.type} holds no floats`);
  const values = new Float32Array(elementsOf(shape));
  const axes = shape.length;
  const place = new Array<number>(axes).fill(0);
  let from = offset;
  for (let i = 0; i < values.length; i++) {
    values[i] = read(from);
    for (let axis = axes - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      place[axis] = 0;
    }
  }
  return values;
}
