import { isRecord, type Json } from '../util/json.js';
import type { Recipe } from './fingerprint.js';

/** Why a stage has to run. */
export type Reason =
  | { readonly kind: 'never-run' }
  | { readonly kind: 'forced' }
  /** A field of the spec or of the environment (`environment.threads`); undefined: it is not set. */
  | {
      readonly kind: 'changed';
      readonly field: string;
      readonly from: Json | undefined;
      readonly to: Json | undefined;
    }
  | { readonly kind: 'version'; readonly from: number; readonly to: number }
  /** An earlier stage's artifact holds something else than last time. */
  | { readonly kind: 'input-changed'; readonly input: string }
  /** An earlier stage runs first; what it makes may turn out to be the same. */
  | { readonly kind: 'input-will-run'; readonly input: string }
  | { readonly kind: 'damaged'; readonly file: string; readonly problem: string }
  /** It ran, with all as it is now, but its artifact has been removed since. */
  | { readonly kind: 'removed' };

/** The reason in the words of `snn plan`. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'never-run':
      return 'never run';
    case 'forced':
      return 'forced';
    case 'changed':
      return `${reason.field} ${show(reason.from)} -> ${show(reason.to)}`;
    case 'version':
      return `stage version ${reason.from} -> ${reason.to}`;
    case 'input-changed':
      return `input ${reason.input} changed`;
    case 'input-will-run':
      return `needs ${reason.input}, which will run`;
    case 'damaged':
      return `artifact damaged: ${reason.file} ${reason.problem}`;
    case 'removed':
      return 'artifact removed';
  }
}

function show(value: Json | undefined): string {
  if (value === undefined) return 'unset';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 48 ? `${text.slice(0, 45)}...` : text;
}

/** Field by field, what differs between the recipe of an earlier artifact and the one wanted now. */
export function differences(before: Recipe, after: Recipe): Reason[] {
  const reasons: Reason[] = [];
  if (before.version !== after.version) {
    reasons.push({ kind: 'version', from: before.version, to: after.version });
  }
  reasons.push(...changedFields('', before.slice, after.slice));
  reasons.push(...changedFields('environment', before.environment, after.environment));
  const inputs = new Set([...Object.keys(before.inputs), ...Object.keys(after.inputs)]);
  for (const input of inputs) {
    if (before.inputs[input] !== after.inputs[input]) {
      reasons.push({ kind: 'input-changed', input });
    }
  }
  return reasons;
}

function changedFields(field: string, from: Json | undefined, to: Json | undefined): Reason[] {
  if (isRecord(from) && isRecord(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) =>
      changedFields(field === '' ? key : `${field}.${key}`, from[key] as Json, to[key] as Json),
    );
  }
  const same = Array.isArray(from) && Array.isArray(to) ? sameList(from, to) : from === to;
  return same ? [] : [{ kind: 'changed', field: field === '' ? 'spec' : field, from, to }];
}

function sameList(a: readonly Json[], b: readonly Json[]): boolean {
  return (
    a.length === b.length && a.every((item, i) => changedFields('item', item, b[i]).length === 0)
  );
}
