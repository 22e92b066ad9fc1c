import { type LedgerEntry, ledgerOf } from '../ledger.js';
import { kindMark, tableOf } from './figure.js';
import { type Content, html, type Markup } from './markup.js';
import type { Subject } from './subject.js';

function verdictOf(entry: LedgerEntry): Content {
  switch (entry.verdict) {
    case 'incomparable':
      return `not compared: ${entry.why}`;
    case 'told':
      return `${entry.difference}; ${entry.why}`;
    default:
      return `${entry.verdict}: ${entry.difference}, tolerance ${entry.tolerance}`;
  }
}

/** Entries of all runs; runs of which the same is told stand together. */
function entries(subjects: readonly Subject[]) {
  const told = new Map<string, { entry: LedgerEntry; runs: string[] }>();
  for (const { run, number, title } of subjects) {
    for (const entry of ledgerOf(run)) {
      const key = JSON.stringify(entry);
      const { runs } = told.get(key) ?? { runs: [] };
      told.set(key, { entry, runs: [...runs, `#${number} ${title}`] });
    }
  }
  return [...told.values()];
}

/** Published figures beside those of the runs. */
export function ledgerSection(subjects: readonly Subject[]): Markup {
  return html`<section id="ledger"><h2>Against published figures</h2>
${tableOf(
  'Parity ledger',
  [
    { head: 'run' },
    { head: 'figure' },
    { head: 'published', numeric: true },
    { head: 'source' },
    { head: 'obtained', numeric: true },
    { head: 'outcome' },
  ],
  entries(subjects).map(({ entry, runs }) => [
    html`<span class="runs">${runs.join(', ')}</span>`,
    entry.figure,
    entry.published ?? '-',
    entry.source,
    entry.obtained ? html`${entry.obtained.text}${kindMark(entry.obtained.kind)}` : '-',
    verdictOf(entry),
  ]),
)}</section>
`;
}
