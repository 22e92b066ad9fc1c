import { sha256 } from '../util/hash.js';
import { canonicalJson } from '../util/json.js';
import type { Spec } from './types.js';

/** The fields that say what is trained: without the device, places and threads of a machine. */
function decidingFields({ device: _, ...spec }: Spec): object {
  const { path: __, ...data } = spec.data;
  const { threads: ___, distill, ...train } = spec.train;
  const learning = distill && { ...distill, teacher: decidingFields(distill.teacher) };
  return { ...spec, data, train: { ...train, distill: learning } };
}

/**
 * SHA-256, as 64 hex digits, of the canonical JSON (keys sorted, no white space) of a spec with every
 * default written out, without `device`, `data.path` and `train.threads`: the same wherever it is run.
 */
export function specDigest(spec: Spec): string {
  return sha256(canonicalJson(decidingFields(spec)));
}
