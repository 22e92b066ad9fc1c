import type { RunEvent } from '../pipeline/events.js';
import { plainLines } from './progress-plain.js';

/** A view of a run's events. */
export interface Progress {
  readonly listen: (event: RunEvent) => void;
  /** Resolves when all has been shown. */
  readonly close: () => Promise<void>;
}

/** `live`: rows on a terminal; `plain`: lines on stdout; `json`: one JSON line an event on stderr. */
export type ProgressMode = 'live' | 'plain' | 'json';

/** Rows where a person watches a terminal, lines in a pipe, in CI or without colours. */
export function progressMode(
  json: boolean,
  { isTTY }: { readonly isTTY?: boolean } = process.stdout,
  { CI, NO_COLOR, TERM }: NodeJS.ProcessEnv = process.env,
): ProgressMode {
  if (json) return 'json';
  return isTTY && !CI && !NO_COLOR && TERM !== 'dumb' ? 'live' : 'plain';
}

/** Starts showing a run. */
export async function startProgress(mode: ProgressMode): Promise<Progress> {
  switch (mode) {
    case 'live':
      return (await import('./progress-live.js')).liveRows();
    case 'plain':
      return lines(plainLines((line) => process.stdout.write(`${line}\n`)));
    case 'json':
      return lines((event) => process.stderr.write(`${JSON.stringify(event)}\n`));
  }
}

function lines(listen: Progress['listen']): Progress {
  return { listen, close: async () => {} };
}
