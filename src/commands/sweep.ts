import { Args, Flags } from '@oclif/core';
import { specsOfRuns } from '../pipeline/run-specs.js';
import { openStore } from '../pipeline/store.js';
import {
  outcomesText,
  summaryText,
  sweepLines,
  sweepPlanDocument,
  sweepPlanText,
} from '../report/sweep-text.js';
import { describeProblem, renderProblem } from '../spec/problem.js';
import { type LoadedSweep, loadSweep } from '../sweep/open.js';
import { sweepFailure } from '../sweep/outcome.js';
import { type PlannedExperiment, type SweepSummary, summarize } from '../sweep/plan.js';
import { interruptible } from '../util/interrupt.js';
import { BaseCommand, rangeFlags, setFlag } from './base.js';

export default class Sweep extends BaseCommand {
  static override summary = 'Run many experiments that differ in a few fields of one spec.';
  static override description =
    'The file is a spec with a `sweep`: axes of fields and values to combine, zipped fields, seeds, and ' +
    'combinations to leave out. All experiments are checked before the first starts. What several of them ' +
    'share is made once. Each runs in a process of its own; the same command goes on after Ctrl-C, and ' +
    'takes what it has where the lists have grown or shrunk.';
  static override examples = [
    {
      description: 'What it would run, and what the experiments share',
      command: '<%= config.bin %> sweep configs/sweeps/bits.yaml --plan',
    },
    {
      description: 'Two at a time, whatever fails',
      command: '<%= config.bin %> sweep configs/sweeps/bits.yaml --max-parallel 2 --keep-going',
    },
    {
      description: 'With other seeds',
      command: '<%= config.bin %> sweep configs/sweeps/bits.yaml --set sweep.seeds=[7,8,9]',
    },
  ];
  static override args = {
    file: Args.string({ required: true, description: 'a spec with a sweep, a YAML file' }),
  };
  static override flags = {
    ...setFlag,
    until: rangeFlags.until,
    force: rangeFlags.force,
    plan: Flags.boolean({ summary: 'Say what would run; run nothing.' }),
    'max-parallel': Flags.integer({
      default: 1,
      min: 1,
      helpValue: 'n',
      summary: 'Experiments that run at a time.',
    }),
    'keep-going': Flags.boolean({ summary: 'Run the others where an experiment fails.' }),
    yes: Flags.boolean({ summary: 'Do not ask before a very large sweep.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Sweep);
    const store = openStore();
    const sweep = await loadSweep(args.file, flags.set ?? [], specsOfRuns(store), flags.yes);
    for (const warning of sweep.warnings) this.logToStderr(`warning: ${renderProblem(warning)}\n`);
    const { stages } = await import('../stages/index.js');
    const { planSweep } = await import('../sweep/run.js');
    const planned = await planSweep({ ...sweep, ...flags, stages, store });
    const summary = summarize(planned);
    if (flags.plan) {
      this.log(sweepPlanText(planned, summary));
      return sweepPlanDocument(sweep.name, planned, summary, sweep.warnings);
    }
    return this.execute(sweep, planned, summary, flags);
  }

  private async execute(
    sweep: LoadedSweep,
    planned: readonly PlannedExperiment[],
    summary: SweepSummary,
    flags: {
      readonly until: string | undefined;
      readonly force: boolean;
      readonly 'max-parallel': number;
      readonly 'keep-going': boolean;
    },
  ): Promise<object> {
    const { stages } = await import('../stages/index.js');
    const { runSweep } = await import('../sweep/run.js');
    const { launchProcess } = await import('../sweep/launch.js');
    this.log(summaryText(summary));
    const listen = this.jsonEnabled()
      ? (event: object) => process.stderr.write(`${JSON.stringify(event)}\n`)
      : sweepLines(planned.length, (line) => this.log(line));
    const outcomes = await interruptible((signal) =>
      runSweep({
        ...sweep,
        planned,
        stages,
        store: openStore(),
        tool: this.config.version,
        until: flags.until,
        force: flags.force,
        parallel: flags['max-parallel'],
        keepGoing: flags['keep-going'],
        launch: launchProcess,
        listen,
        signal,
      }),
    );
    const warnings = sweep.warnings.map(describeProblem);
    this.document = { sweep: sweep.name, summary, warnings, experiments: outcomes };
    const failure = sweepFailure(outcomes, `${this.config.bin} sweep ${sweep.file}`);
    this.log(`\n${sweep.name}: ${outcomesText(outcomes)}`);
    if (failure !== null) throw failure;
    this.log(`next: ${this.config.bin} compare --tag ${sweep.name} --seeds`);
    return this.document;
  }
}
