import { type Estimate, estimate } from '../report/statistics.js';
import type { Experiment, ExperimentRecord, Outcome } from './experiment.js';

/** Title, question and outcomes of an experiment; null: it was not run yet. */
export interface Reported {
  readonly experiment: Experiment;
  readonly record: ExperimentRecord | null;
}

const head = `# Experiments

What training with this program comes to, on data that everyone can have. \`npm run experiments\` runs them; runs that
are in the store \`.snn/\` are reused. Their specs state the number of threads, so that the number of cores changes no
result. Outcomes are kept in docs/experiments/, and this page is rendered from them by \`npm run docs\`.

All accuracies are measured on all images of the test split, which training never sees, in percent: of the trained
network with its batch-norm statistics estimated anew, and of its packed, integer-only form. Intervals are those of
Student's t at 95 % over the seeds; differences are taken seed by seed. With few seeds they are wide, and honest.`;

function withMargin({ mean, margin }: Estimate, sign = ''): string {
  const spread = margin === null ? '' : ` ± ${margin.toFixed(2)}`;
  return `${mean >= 0 ? sign : ''}${mean.toFixed(2)}${spread}`;
}

function outcomesOf({ outcomes }: ExperimentRecord, variant: string): readonly Outcome[] {
  return outcomes.filter((outcome) => outcome.variant === variant);
}

function row(experiment: Experiment, record: ExperimentRecord, variant: string): string {
  const outcomes = outcomesOf(record, variant);
  const packed = outcomes.flatMap(({ packedAccuracy }) => packedAccuracy ?? []);
  const goal = experiment.goals.find((goal) => goal.variant === variant);
  const trained = estimate(outcomes.map(({ accuracy }) => accuracy));
  const verdict = goal && trained.mean < goal.accuracy ? ', missed' : '';
  return [
    variant,
    withMargin(trained),
    packed.length === outcomes.length ? withMargin(estimate(packed)) : '-',
    outcomes.map(({ accuracy }) => accuracy.toFixed(2)).join(', '),
    goal ? `≥ ${goal.accuracy.toFixed(1)}${verdict}` : '',
    `${Math.round(estimate(outcomes.map(({ seconds }) => seconds)).mean)} s`,
  ].join(' | ');
}

/** Difference of two variants, seed by seed. */
function pairedDifference(record: ExperimentRecord, variant: string, against: string): Estimate {
  const others = new Map(
    outcomesOf(record, against).map(({ seed, accuracy }) => [seed, accuracy] as const),
  );
  return estimate(
    outcomesOf(record, variant).flatMap(({ seed, accuracy }) => {
      const other = others.get(seed);
      return other === undefined ? [] : accuracy - other;
    }),
  );
}

function section({ experiment, record }: Reported): string {
  const { name, title, question, spec, seeds, variants, pairings } = experiment;
  const intro = [
    `## ${title}`,
    question,
    `Spec: [${spec}](../${spec}), seeds ${seeds.join(', ')}. Again: \`npm run experiments -- --only ${name}\``,
  ];
  if (record === null) return [...intro, 'Not run yet.'].join('\n\n');
  const present = variants.filter(({ name }) => outcomesOf(record, name).length > 0);
  const changes = present
    .filter(({ set }) => set.length > 0)
    .map(({ name, set }) => `- ${name}: ${set.map((field) => `\`${field}\``).join(', ')}`);
  const table = [
    '| variant | trained | packed | by seed | goal | training |',
    '|---|---|---|---|---|---|',
    ...present.map(({ name }) => `| ${row(experiment, record, name)} |`),
  ];
  const differences = pairings
    .filter(({ variant, against }) =>
      [variant, against].every((name) => outcomesOf(record, name).length > 0),
    )
    .map(({ variant, against }) => {
      const difference = pairedDifference(record, variant, against);
      return `- ${variant} against ${against}: ${withMargin(difference, '+')} points`;
    });
  const { machine, date, tool } = record;
  return [
    ...intro,
    table.join('\n'),
    ...(differences.length > 0 ? [differences.join('\n')] : []),
    ...(changes.length > 0 ? [changes.join('\n')] : []),
    `Measured ${date.slice(0, 10)} by ${tool} on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.`,
  ].join('\n\n');
}

/** docs/experiments.md. */
export function experimentsPage(reported: readonly Reported[]): string {
  return `${[head, ...reported.map(section)].join('\n\n')}\n`;
}
