import { Args } from '@oclif/core';
import { specsOfRuns } from '../pipeline/run-specs.js';
import { openStore } from '../pipeline/store.js';
import { runDocument, runSummary } from '../report/progress-summary.js';
import { loadSpec } from '../spec/load.js';
import { BaseCommand, rangeFlags, setFlag } from './base.js';

export default class Run extends BaseCommand {
  static override summary = 'Train, pack, prove and deploy the network that a spec describes.';
  static override description =
    'Runs the stages pretrain, sample, refine, pack, evaluate, synthesize and deploy. A stage whose spec fields, ' +
    'inputs and environment are as in an earlier run is not run again: its artifact is reused. Ctrl-C ' +
    'saves and stops; the same command goes on from there.';
  static override examples = [
    '<%= config.bin %> run configs/quickstart.yaml',
    {
      description: 'Change fields of the spec for this run',
      command: '<%= config.bin %> run configs/quickstart.yaml --set train.epochs=8 --set seed=2',
    },
    {
      description: 'Train and pack only',
      command: '<%= config.bin %> run configs/quickstart.yaml --until pack',
    },
    {
      description: 'Synthesise again, whatever is cached',
      command:
        '<%= config.bin %> run configs/quickstart.yaml --from synthesize --until synthesize --force',
    },
  ];
  static override args = {
    file: Args.string({ required: true, description: 'the spec, a YAML file' }),
  };
  static override flags = { ...setFlag, ...rangeFlags };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Run);
    const { spec, file } = await loadSpec(args.file, flags.set, specsOfRuns(openStore()));
    const outcome = await this.runStages({ ...flags, spec, specFile: file });
    this.document = runDocument(outcome.run);
    if (outcome.status !== 'finished') throw outcome.error;
    this.log(runSummary(outcome.run, openStore()));
    return this.document;
  }
}
