import type { WrittenArchitecture } from './architectures.js';
import { type Field, keysOf, specSchema } from './schema.js';
import type { WrittenTauMap } from './tau-map.js';
import type {
  BinaryQuantizeSpec,
  DataSpec,
  DistillSpec,
  OnCorrupt,
  QuantizeSpec,
  RefineSpec,
  Spec,
  TrainSpec,
} from './types.js';

/** A spec as a user may write it by the schema, the schema's defaults filled in. */
export interface WrittenSpec extends Pick<Spec, 'name' | 'seed' | 'engine' | 'device' | 'verify'> {
  readonly data: Pick<DataSpec, 'set' | 'path' | 'augment'> & {
    readonly limit: number | null | DataSpec['limit'];
    readonly image?: number | { readonly height: number; readonly width: number };
    readonly classes?: number;
    readonly onCorrupt: OnCorrupt;
  };
  readonly architecture: WrittenArchitecture;
  readonly train: Omit<TrainSpec, 'distill'> & {
    /** The teacher: a text or a spec, which is for whoever loads it to see to. */
    readonly distill: (Omit<DistillSpec, 'teacher'> & { readonly teacher: unknown }) | null;
  };
  readonly quantize: Pick<BinaryQuantizeSpec, 'subset'> & {
    readonly binarize: QuantizeSpec['binarize'];
    readonly bits?: number;
    readonly tau?: number | WrittenTauMap;
    readonly refine: boolean | RefineSpec;
  };
}

/** Fills in the schema's defaults wherever a map lacks a key that has one; keys in schema order. */
export function withDefaults(value: unknown, field: Field = specSchema): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const defaults = Object.entries(keysOf(field)).map(([key, child]) => [key, child.default]);
  const filled: Record<string, unknown> = { ...Object.fromEntries(defaults), ...value };
  return Object.fromEntries(
    Object.entries(filled)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withDefaults(inner, keysOf(field)[key] ?? {})]),
  );
}
