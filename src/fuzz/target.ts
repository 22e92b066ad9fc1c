import { getHeapStatistics } from 'node:v8';
import { Failure } from '../util/failure.js';

/** What is fuzzed; `Found` is what its reader returns. */
export interface FuzzTarget<Found = unknown> {
  /** File `index` of those that `seed` gives. */
  file(seed: number, index: number): Uint8Array;
  /** Reads it; may only return or throw a Failure. */
  read(bytes: Uint8Array): Found;
  /** Throws where a file that was read is not held to its rules. */
  verify?(found: Found, bytes: Uint8Array): void;
  /** Why a Failure is not one that a person can go by; null: it is. */
  failureProblem(failure: Failure, bytes: Uint8Array): string | null;
  /** Memory that reading may take: so many bytes for each byte of the file, and these beside. */
  readonly memory: { readonly perByte: number; readonly beside: number };
}

/** What came of reading many files. */
export interface FuzzOutcome {
  readonly files: number;
  /** Files that were read after all. */
  readonly accepted: number;
  /** Milliseconds that the slowest took. */
  readonly slowest: number;
  /** Bytes that the dearest took beyond {@link FuzzTarget.memory}'s `perByte`. */
  readonly memory: number;
  /** How often each reason was given, numbers and names left out. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Files that were not read as they should be, and what happened. */
  readonly problems: readonly { readonly index: number; readonly what: string }[];
}

/** Milliseconds after which reading a file counts as hung. */
const patience = 20_000;

function bytesInUse(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** Reads `count` files from number `first` on. */
export function fuzz<Found>(
  target: FuzzTarget<Found>,
  seed: number,
  count: number,
  first = 0,
): FuzzOutcome {
  const reasons = new Map<string, number>();
  const problems: { index: number; what: string }[] = [];
  let accepted = 0;
  let slowest = 0;
  let memory = 0;
  for (let index = first; index < first + count; index++) {
    const bytes = target.file(seed, index);
    const before = bytesInUse();
    const started = performance.now();
    let verify = () => {};
    try {
      const found = target.read(bytes);
      accepted++;
      verify = () => target.verify?.(found, bytes);
    } catch (error) {
      const what = error instanceof Failure ? target.failureProblem(error, bytes) : String(error);
      if (what !== null) problems.push({ index, what });
      const message = error instanceof Error ? error.message : String(error);
      const reason = message.replace(/"[^"]*"|\d+|\S+\.\S+/g, '*').slice(0, 60);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const milliseconds = performance.now() - started;
    const taken = bytesInUse() - before - target.memory.perByte * bytes.length;
    if (milliseconds > patience) problems.push({ index, what: `took ${milliseconds} ms` });
    if (taken > target.memory.beside) problems.push({ index, what: `took ${taken} bytes more` });
    try {
      verify();
    } catch (error) {
      problems.push({ index, what: String(error) });
    }
    slowest = Math.max(slowest, milliseconds);
    memory = Math.max(memory, taken);
  }
  return { files: count, accepted, slowest, memory, reasons, problems };
}
