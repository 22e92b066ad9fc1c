import { Args, Flags } from '@oclif/core';
import { type Baseline, findBaseline, lastSubBitRun } from '../../pipeline/baseline.js';
import type { Metrics } from '../../pipeline/events.js';
import { type RunRecord, readRun } from '../../pipeline/runs.js';
import { openStore } from '../../pipeline/store.js';
import { compareRuns } from '../../report/compare.js';
import { comparisonTable } from '../../report/compare-table.js';
import { type BinarySpec, isBinary } from '../../spec/binary.js';
import { storedSpec } from '../../spec/load.js';
import { Failure } from '../../util/failure.js';
import { BaseCommand } from '../base.js';

/** @throws Failure where the network is real-valued */
async function binarySpecOf(run: RunRecord): Promise<BinarySpec> {
  const spec = await storedSpec(run.spec, run.id);
  if (isBinary(spec)) return spec;
  throw new Failure('input', `${run.id} is a real-valued network: it has no 1-bit twin`);
}

export default class CompareBaseline extends BaseCommand {
  static override summary = 'Put a run beside the same network at 1 bit.';
  static override description =
    "The baseline is the run's 1-bit twin: tau 9, all else equal. What is not there of it yet is run " +
    'first, as far as the run itself got. Differences and speed-ups are against it.';
  static override examples = [
    '<%= config.bin %> compare baseline',
    {
      description: 'What sub-bit weights gain on its FPGA',
      command: '<%= config.bin %> compare baseline --fpga --synthesize',
    },
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
    fpga: Flags.boolean({
      summary: 'What sub-bit weights gain on an FPGA, in three ratios; nothing is trained.',
    }),
    synthesize: Flags.boolean({
      dependsOn: ['fpga'],
      summary: 'Synthesise what the ratios lack: tau 4, 5, 6 and 9, a minute or two each.',
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
    if (flags.fpga) return this.onFpga(run, flags.synthesize);
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

  private async onFpga(run: RunRecord, synthesize: boolean): Promise<object> {
    const { comparedSpecs, fpgaRatios, fpgaRatiosText } = await import(
      '../../report/fpga-ratios.js'
    );
    const { figuresOf } = await import('../../pipeline/figures-of.js');
    const { stages } = await import('../../stages/index.js');
    const spec = await binarySpecOf(run);
    const found = new Map<string, Metrics | null>();
    for (const compared of comparedSpecs(spec)) {
      const stage = 'synthesize';
      if (synthesize && spec.device.target !== 'cpu') {
        const range = { from: stage, until: stage };
        const outcome = await this.runStages({ spec: compared, specFile: null, ...range });
        if (outcome.status !== 'finished') throw outcome.error;
      }
      found.set(compared.name, await figuresOf(compared, stage, stages, openStore()));
    }
    const ratios = fpgaRatios(spec, ({ name }) => found.get(name) ?? null);
    this.log(fpgaRatiosText(ratios));
    return { run: run.id, target: spec.device.target, ratios };
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
