import { Args } from '@oclif/core';
import { listRuns, type RunRecord, readRun } from '../../pipeline/runs.js';
import { openStore, type Store } from '../../pipeline/store.js';
import { compareRuns } from '../../report/compare.js';
import { comparisonTable } from '../../report/compare-table.js';
import { Failure } from '../../util/failure.js';
import { BaseCommand } from '../base.js';

const mostSpecs = 4;

/** The newest finished run of each of the specs that were run last, oldest first. */
async function newestOfEachSpec(store: Store): Promise<readonly RunRecord[]> {
  const finished = (await listRuns(store)).filter(({ status }) => status === 'finished');
  const newest = new Map(finished.map((run) => [run.spec.name, run]));
  const runs = finished.filter((run) => newest.get(run.spec.name) === run).slice(-mostSpecs);
  if (runs.length > 0) return runs;
  throw new Failure('input', 'no run has finished yet', ['snn run configs/quickstart.yaml']);
}

export default class Compare extends BaseCommand {
  static override strict = false;
  static override summary = 'Put runs side by side: accuracy, size, operations, time, resources.';
  static override description =
    'A run is named by its id, the beginning of one, or its spec: its newest run, a finished one first. ' +
    'Without a name: the newest finished run of each spec, four at most. Differences and speed-ups ' +
    'are against the first column. Every figure says whether it was counted, measured, simulated or ' +
    'modelled.';
  static override examples = [
    '<%= config.bin %> compare',
    {
      description: 'Two runs, differences against the first',
      command: '<%= config.bin %> compare quickstart quickstart-antipodal',
    },
    {
      description: 'The last run against the same network at 1 bit',
      command: '<%= config.bin %> compare baseline',
    },
  ];
  static override args = {
    runs: Args.string({ description: 'ids or spec names of runs' }),
  };

  async run(): Promise<object> {
    const { argv } = await this.parse(Compare);
    const store = openStore();
    const names = argv.map(String);
    const runs =
      names.length > 0
        ? await Promise.all(names.map((name) => readRun(store, name)))
        : await newestOfEachSpec(store);
    const comparison = compareRuns(runs);
    this.log(comparisonTable(comparison));
    return comparison;
  }
}
