import type { ElementType, Placement } from './tensor.js';

/** What a pickle of PyTorch can describe: plain data, storages and tensors. None of it is code. */
export type Pickled =
  | null
  | PickledKey
  | PickledList
  | PickledDict
  | PickledName
  | PickledStorage
  | PickledTensor;

export type PickledKey = string | number | bigint | boolean;

export interface PickledList {
  readonly kind: 'list' | 'tuple';
  readonly items: Pickled[];
}

/** A dict or what is built like one; its keys are in the order of the file. */
export interface PickledDict {
  readonly kind: 'dict';
  readonly entries: Map<PickledKey, Pickled>;
}

/** A name of Python code, `module.attribute`, that stands for itself: nothing is loaded. */
export interface PickledName {
  readonly kind: 'name';
  readonly name: string;
}

/** Elements that lie elsewhere in the file. */
export interface PickledStorage {
  readonly kind: 'storage';
  readonly key: string;
  readonly type: ElementType;
  readonly elements: number;
}

export interface PickledTensor extends Placement {
  readonly kind: 'tensor';
  readonly storage: PickledStorage;
}

export function isKey(value: Pickled): value is PickledKey {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** Whether a value is an object of the given kind. */
export function isOf<Kind extends 'list' | 'tuple' | 'dict' | 'name' | 'storage' | 'tensor'>(
  value: Pickled | undefined,
  kind: Kind,
): value is Extract<Pickled, { readonly kind: unknown }> & { readonly kind: Kind } {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** The items of a tuple; null where the value is none. */
export function itemsOf(value: Pickled | undefined): readonly Pickled[] | null {
  return isOf(value, 'tuple') ? value.items : null;
}

/** The integers of a tuple; null where the value is no tuple of such alone. */
export function integersOf(value: Pickled | undefined): readonly number[] | null {
  const items = itemsOf(value);
  return items?.every((item) => Number.isSafeInteger(item)) ? (items as number[]) : null;
}
