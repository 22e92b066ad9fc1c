import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { openStore } from '../pipeline/store.js';
import { BaseCommand } from './base.js';

export default class Report extends BaseCommand {
  static override strict = false;
  static override summary =
    'Write runs up as one HTML file: figures, plots, subsets, spec, provenance.';
  static override description =
    'The file needs no network and no script, reads in light and dark, prints, and has the numbers of ' +
    'every plot as a table. A run is named by its id, the beginning of one, or its spec; without a ' +
    'name: the last one that finished. What the store no longer holds is named where it would stand.';
  static override examples = [
    '<%= config.bin %> report',
    {
      description: 'Runs side by side, with the Pareto front of accuracy and cost',
      command: '<%= config.bin %> report quickstart quickstart-1bit --output report.html',
    },
  ];
  static override args = {
    runs: Args.string({ description: 'ids or spec names of runs' }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      default: 'report.html',
      helpValue: 'file',
      summary: 'Where to write it.',
    }),
  };

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Report);
    const { writeReport } = await import('../report/html/write.js');
    const file = resolve(flags.output);
    const { runs, bytes } = await writeReport(openStore(), argv.map(String), file);
    this.log(`${flags.output}: ${runs.join(', ')}; ${Math.ceil(bytes / 1000)} kB`);
    return { file, bytes, runs };
  }
}
