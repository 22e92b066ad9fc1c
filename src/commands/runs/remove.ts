import { Args } from '@oclif/core';
import { readRun, removeRun } from '../../pipeline/runs.js';
import { openStore } from '../../pipeline/store.js';
import { BaseCommand } from '../base.js';

export default class RunsRemove extends BaseCommand {
  static override strict = false;
  static override summary = 'Take runs off the record.';
  static override description =
    'Their artifacts stay until `snn cache gc` finds that no other run refers to them.';
  static override examples = ['<%= config.bin %> runs remove quickstart-20261124T195618Z-9d0a69'];
  static override args = {
    runs: Args.string({ required: true, description: 'ids, or beginnings of ids' }),
  };

  async run(): Promise<object> {
    const { argv } = await this.parse(RunsRemove);
    const store = openStore();
    const runs = [];
    for (const id of argv.map(String)) runs.push(await readRun(store, id));
    for (const run of runs) {
      await removeRun(store, run);
      this.log(`removed ${run.id}`);
    }
    return { removed: runs.map(({ id }) => id) };
  }
}
