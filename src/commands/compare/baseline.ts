import { Args, Flags } from '@oclif/core';
import { type Baseline, findBaseline, lastSubBitRun } from '../../pipeline/baseline.js';
import { type RunRecord, readRun } from '../../pipeline/runs.js';
import { openStore } from '../../pipeline/store.js';
import { compareRuns } from '../../report/compare.js';
import { comparisonTable } from '../../report/compare-table.js';
import { Failure } from '../../util/failure.js';
import { BaseCommand } from '../base.js';

export default class CompareBaseline extends BaseCommand {
  static override summary = 'Put a run beside the same network at 1 bit.';
  static override description =
    "The baseline is the run's 1-bit twin: tau 9, all else equal. What is not there of it yet is run " +
    'first, as far as the run itself got. Differences and speed-ups are against it.';
  static override examples = [
    '<%= config.bin %> compare baseline',
    {
      description: 'Of a named run, and only if nothing has to be run for it',
      command: '<%= config.bin %> compare baseline quickstart --no-run',
    },
  ];
  static override args = {
    run: Args.string({
      description: 'id or spec name of a run; the last finished sub-bit run by default',
    }),
  };
  static override flags = {
    run: Flags.boolean({
      default: true,
      allowNo: true,
      summary: 'Run what the baseline lacks; --no-run fails instead.',
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(CompareBaseline);
    const store = openStore();
    const run =
      args.run === undefined ? await lastSubBitRun(store) : await readRun(store, args.run);
    if (run === null) {
      throw new Failure('input', 'no sub-bit run has finished yet', [
        'snn run configs/quickstart.yaml',
      ]);
    }
    const { stages } = await import('../../stages/index.js');
    const baseline = await findBaseline(run, stages, store);
    if (baseline.lacking.length > 0 && !flags.run) {
      throw new Failure(
        'input',
        `the 1-bit baseline of ${run.id} lacks ${baseline.lacking.join(', ')}`,
        [`snn compare baseline ${run.id}`],
      );
    }

    const twin = baseline.run ?? (await this.runTwin(run, baseline));
    const comparison = compareRuns([twin, run]);
    this.log(comparisonTable(comparison));
    return comparison;
  }

  private async runTwin(run: RunRecord, { spec, until, lacking }: Baseline): Promise<RunRecord> {
    if (lacking.length > 0) {
      this.log(`${run.spec.name} has no 1-bit baseline yet; running ${lacking.join(', ')} of it\n`);
    }
    const outcome = await this.runStages({ spec, specFile: null, until });
    if (outcome.status !== 'finished') throw outcome.error;
    this.log('');
    return outcome.run;
  }
}
