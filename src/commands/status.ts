import { runningRuns } from '../pipeline/find-runs.js';
import { openStore } from '../pipeline/store.js';
import { runningStages, statusText } from '../report/runs-text.js';
import { BaseCommand } from './base.js';

export default class Status extends BaseCommand {
  static override summary = 'Say what runs now: which stage of which run, and since when.';
  static override examples = ['<%= config.bin %> status'];

  async run(): Promise<object> {
    await this.parse(Status);
    const running = runningStages(await runningRuns(openStore()));
    this.log(statusText(running, new Date()));
    return { running };
  }
}
