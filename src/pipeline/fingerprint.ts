import { sha256 } from '../util/hash.js';
import { canonicalJson, type Json } from '../util/json.js';

/** All that can change what a stage makes. Equal recipes make interchangeable artifacts. */
export interface Recipe {
  readonly stage: string;
  readonly version: number;
  /** The part of the spec that the stage reads. */
  readonly slice: Json;
  /** Digests of the artifacts that it reads, by stage. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Engine, threads, tool versions: what changes a result without standing in the spec. */
  readonly environment: Json;
}

/** SHA-256 over the recipe's canonical JSON, as 64 hex digits: the name of its artifact. */
export function fingerprint({ stage, version, slice, inputs, environment }: Recipe): string {
  return sha256(canonicalJson({ stage, version, slice, inputs, environment }));
}
