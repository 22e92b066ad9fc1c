import { basename } from 'node:path';
import { specDigest } from '../../spec/digest.js';
import { renderSpec } from '../../spec/render.js';
import { isRecord } from '../../util/json.js';
import { duration, figure } from '../progress-text.js';
import { kindMark, tableOf } from './figure.js';
import { type Content, html, type Markup } from './markup.js';
import type { Subject } from './subject.js';

/** Every figure that the stages of a run found. */
export function figuresOf({ run, title }: Subject): Markup {
  const rows = Object.entries(run.metrics).flatMap(([stage, metrics]) =>
    Object.entries(metrics).map(([name, metric]) => [
      stage,
      name,
      html`${figure({ ...metric, unit: '' })}${kindMark(metric.kind)}`,
      metric.unit,
    ]),
  );
  return html`<details class="kept"><summary>Every figure of ${title}</summary>${tableOf(
    `Figures of ${title}, by stage`,
    [{ head: 'stage' }, { head: 'figure' }, { head: 'value', numeric: true }, { head: 'unit' }],
    rows,
  )}</details>`;
}

/** The engine that trained, as far as the artifact says more than the spec. */
function engineOf({ run, manifests }: Subject): string {
  const slice = manifests.get('refine')?.slice;
  const trained = isRecord(slice) && typeof slice.engine === 'string' ? slice.engine : null;
  return trained === null || trained === run.spec.engine
    ? run.spec.engine
    : `${run.spec.engine}, trained by ${trained}`;
}

function facts(subject: Subject): readonly (readonly [string, Content])[] {
  const { run } = subject;
  return [
    ['run', run.id],
    ['status', run.error === null ? run.status : `${run.status}: ${run.error}`],
    ['spec', run.specFile === null ? 'from no file' : basename(run.specFile)],
    ['digest of the spec', html`<code>${specDigest(run.spec)}</code>`],
    ['program', `subbit-bench ${run.tool}`],
    ['engine', engineOf(subject)],
    ['started', run.startedAt],
    ['ended', run.endedAt ?? 'not yet'],
  ];
}

/** What a run was made of and with, for one who makes it again. */
export function provenanceOf(subject: Subject): Markup {
  const { run, manifests, title } = subject;
  const code = (digest: string | null) => (digest === null ? '-' : html`<code>${digest}</code>`);
  return html`<details class="kept"><summary>Provenance of ${title}</summary>
<dl>${facts(subject).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
${tableOf(
  `Stages of ${title} and their artifacts`,
  [
    { head: 'stage' },
    { head: 'status' },
    { head: 'time', numeric: true },
    { head: 'version', numeric: true },
    { head: 'digest of the files (SHA-256)' },
    { head: 'fingerprint of the recipe' },
    { head: 'environment' },
  ],
  run.stages.map((stage) => {
    const manifest = manifests.get(stage.name);
    return [
      stage.name,
      `${stage.status}${stage.cached ? ', from the cache' : ''}`,
      duration(stage.seconds),
      manifest?.version ?? '-',
      code(stage.digest),
      code(stage.fingerprint),
      manifest ? html`<code>${JSON.stringify(manifest.environment)}</code>` : '-',
    ];
  }),
)}</details>`;
}

/** The spec with every default written out. */
export function specOf({ run, title }: Subject): Markup {
  return html`<details class="kept"><summary>Spec of ${title}, every default written out</summary>
<pre class="scroll" tabindex="0" role="region" aria-label="Spec of ${title}">${renderSpec(run.spec)}</pre></details>`;
}
