import { Args } from '@oclif/core';
import { isModelFile, readModelFile } from '../pipeline/model-file.js';
import { openStore } from '../pipeline/store.js';
import { BaseCommand } from './base.js';

export default class Inspect extends BaseCommand {
  static override summary =
    'Say what a packed model holds, or what a run found and did to its subsets.';
  static override description =
    'Of a packed model: where it is from and how good it was found to be, its layers, the bits that they ' +
    'take in the file, what they cost, and their subsets as pictures. The whole file is read and checked ' +
    'first; a damaged one is refused by name of the failing section. Of a run: every figure that its ' +
    'stages found, how each layer uses its subset, and how far it came from the sampled one.';
  static override examples = [
    '<%= config.bin %> inspect model.snn',
    {
      description: 'The figures and subsets of a run',
      command: '<%= config.bin %> inspect quickstart',
    },
    { description: 'For a program', command: '<%= config.bin %> inspect model.snn --json' },
  ];
  static override args = {
    what: Args.string({
      required: true,
      description: 'a packed model (a .snn file), or the id or spec name of a run',
    }),
  };

  async run(): Promise<object> {
    const { args } = await this.parse(Inspect);
    return (await isModelFile(args.what)) ? this.model(args.what) : this.ofRun(args.what);
  }

  private async model(file: string): Promise<object> {
    const { readModel } = await import('../model/container/read.js');
    const { modelReport } = await import('../report/model-report.js');
    const { modelText } = await import('../report/model-text.js');
    const report = modelReport(readModel(await readModelFile(file), file));
    this.log(modelText(report));
    return report;
  }

  private async ofRun(idOrName: string): Promise<object> {
    const { readRun } = await import('../pipeline/runs.js');
    const { figuresTable } = await import('../report/figures-table.js');
    const { subsetText } = await import('../report/subset-text.js');
    const { isBinary } = await import('../spec/binary.js');
    const { subsetEpochsOf } = await import('../stages/subset-epochs.js');
    const store = openStore();
    const run = await readRun(store, idOrName);
    const { id, metrics } = run;
    if (!isBinary(run.spec)) {
      this.log(`${figuresTable(run)}\n\n${id}: a real-valued network, without subsets`);
      return { run: id, metrics, epochs: [] };
    }
    const epochs = await subsetEpochsOf(store, run);
    this.log([figuresTable(run), '', subsetText(id, epochs)].join('\n'));
    return { run: id, metrics, epochs };
  }
}
