import { join, relative } from 'node:path';
import type { Metric } from '../pipeline/events.js';
import type { RunRecord, RunStage } from '../pipeline/runs.js';
import { artifactFolder, type Store } from '../pipeline/store.js';
import { isSubBit } from '../spec/binary.js';
import { figure } from './progress-text.js';

/** What `snn run --json` prints: the run, its stages, every figure. */
export interface RunDocument extends Pick<RunRecord, 'status' | 'metrics'> {
  readonly run: string;
  readonly spec: { readonly name: string; readonly file: string | null };
  readonly stages: readonly Pick<RunStage, 'name' | 'status' | 'cached' | 'seconds' | 'digest'>[];
}

/** The document of a run. */
export function runDocument(run: RunRecord): RunDocument {
  return {
    run: run.id,
    status: run.status,
    spec: { name: run.spec.name, file: run.specFile },
    stages: run.stages.map(({ name, status, cached, seconds, digest }) => ({
      name,
      status,
      cached,
      seconds: Number(seconds.toFixed(3)),
      digest,
    })),
    metrics: run.metrics,
  };
}

/** The figures that close a run, where it has them: stage and name. */
const closingFigures: readonly (readonly [stage: string, metric: string])[] = [
  ['evaluate', 'test accuracy'],
  ['pack', 'bits per binary weight'],
  ['pack', 'stored bits per binary weight'],
  ['pack', 'packed model'],
  ['evaluate', 'CPU time'],
  ['synthesize', 'LUT'],
  ['synthesize', 'fmax after routing'],
  ['synthesize', 'images at board clock'],
];

/** What a person looks for in the store behind a run: stage, file (or the folder itself) and label. */
const results = [
  { stage: 'pack', file: 'model.snn', label: 'model' },
  { stage: 'deploy', file: '', label: 'deploy folder' },
] as const;

/** What `snn run` says at its end: the figures that matter, where the results lie, what to type next. */
export function runSummary(run: RunRecord, store: Store): string {
  const rows: [label: string, text: string][] = [];
  for (const [stage, name] of closingFigures) {
    const metric: Metric | undefined = run.metrics[stage]?.[name];
    if (metric !== undefined) rows.push([name, `${figure(metric)} (${metric.kind})`]);
  }
  for (const { stage, file, label } of results) {
    const folder = folderOf(run, store, stage);
    if (folder !== null) rows.push([label, join(folder, file)]);
  }
  nextCommands(run).forEach((command, index) => {
    rows.push([index === 0 ? 'next' : '', command]);
  });
  const width = Math.max(...rows.map(([label]) => label.length));
  return ['', ...rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`)].join('\n');
}

function folderOf(run: RunRecord, store: Store, name: string): string | null {
  const stage = run.stages.find((candidate) => candidate.name === name);
  if (stage?.status !== 'finished' || stage.fingerprint === null) return null;
  return relative('', artifactFolder(store, name, stage.fingerprint));
}

function nextCommands({ stages, specFile, spec }: RunRecord): readonly string[] {
  const done = (name: string) => stages.some((s) => s.name === name && s.status === 'finished');
  if (!done('evaluate')) return [`snn run ${specFile ?? spec.name}`];
  const compare = isSubBit(spec) ? 'snn compare baseline' : 'snn compare';
  return [compare, ...(done('deploy') ? ['snn deploy --fpga'] : [])];
}
