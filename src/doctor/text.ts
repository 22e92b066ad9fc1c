import { table } from '../report/table.js';
import type { Machine } from '../util/machine.js';
import type { Finding, StoreRoom } from './examine.js';

const giga = 1e9;

/** What `snn doctor` prints. */
export function doctorText(
  findings: readonly Finding[],
  machine: Machine,
  store: StoreRoom,
): string {
  const missing = findings.filter(({ found }) => found === null);
  const broken = missing.some(({ needed }) => needed) || !store.writable;
  return [
    `machine  ${machine.cores} cores (${machine.processor}), ${gigabytes(machine.memory)} of memory`,
    `store    ${store.path}, ${gigabytes(store.free)} free${store.writable ? '' : ', not writable'}`,
    '',
    table(
      [
        { head: 'needed', align: 'left' },
        { head: 'found', align: 'left' },
      ],
      findings.filter(({ needed }) => needed).map(row),
    ),
    '',
    table(
      [
        { head: 'optional', align: 'left' },
        { head: 'found', align: 'left' },
      ],
      findings.filter(({ needed }) => !needed).map(row),
    ),
    ...missing.flatMap(({ name, adds, install }) => ['', `${name}: ${adds}`, `  ${install}`]),
    ...(store.writable ? [] : ['', 'Set SNN_HOME to a folder that you may write to.']),
    '',
    broken ? 'Something that is needed is missing.' : 'Ready: snn run configs/quickstart.yaml',
  ].join('\n');
}

function row({ name, found, why }: Finding): string[] {
  return [name, found ?? `- ${why ?? 'missing'}`];
}

function gigabytes(bytes: number): string {
  return `${(bytes / giga).toFixed(1)} GB`;
}
