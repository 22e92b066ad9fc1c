import { Args, Flags } from '@oclif/core';
import { openStore } from '../../pipeline/store.js';
import { compareRuns } from '../../report/compare.js';
import { compareSeeds, seedGrid } from '../../report/compare-seeds.js';
import { comparisonGrid } from '../../report/compare-table.js';
import { type Grid, gridFormats, renderGrid } from '../../report/grid.js';
import { selectRuns } from '../../report/select-runs.js';
import { runOrder, sortVariants } from '../../report/sort-compared.js';
import { BaseCommand } from '../base.js';

export default class Compare extends BaseCommand {
  static override strict = false;
  static override summary = 'Put runs side by side: accuracy, size, operations, time, resources.';
  static override description =
    'A run is named by its id, the beginning of one, or its spec: its newest run, a finished one first. ' +
    'Without a name: the finished runs that --tag and --where choose, else the newest of each spec, four at ' +
    'most. Differences and speed-ups are against the first column. With --seeds runs that differ in the ' +
    'seed alone are taken together, a row each. Every figure says whether it was counted, measured, ' +
    'simulated or modelled.';
  static override examples = [
    '<%= config.bin %> compare',
    {
      description: 'Two runs, differences against the first',
      command: '<%= config.bin %> compare quickstart quickstart-antipodal',
    },
    {
      description: 'A sweep: means and 95 % intervals over its seeds, the best first',
      command: "<%= config.bin %> compare --tag bits --seeds --sort 'test accuracy'",
    },
    {
      description: 'A part of it, for a paper',
      command:
        '<%= config.bin %> compare --tag bits --seeds --where quantize.subset.structure=free --format latex',
    },
    {
      description: 'The last run against the same network at 1 bit',
      command: '<%= config.bin %> compare baseline',
    },
  ];
  static override args = {
    runs: Args.string({ description: 'ids or spec names of runs' }),
  };
  static override flags = {
    tag: Flags.string({ helpValue: 'tag', summary: 'Runs with this tag; a sweep tags its runs.' }),
    where: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'field=value',
      summary: 'Runs whose spec has this value, such as quantize.tau=4; may be repeated.',
    }),
    seeds: Flags.boolean({
      summary: 'Means and 95 % intervals over runs that differ in the seed.',
    }),
    figure: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      dependsOn: ['seeds'],
      helpValue: 'figure',
      summary: 'With --seeds: these figures instead of the usual ones; may be repeated.',
    }),
    sort: Flags.string({ helpValue: 'figure', summary: 'By this figure, the highest first.' }),
    reverse: Flags.boolean({ dependsOn: ['sort'], summary: 'The lowest first.' }),
    format: Flags.option({
      options: [...gridFormats, 'json'] as const,
      default: 'table',
      summary: 'How to lay it out.',
    })(),
  };

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Compare);
    const { tag, where, seeds, sort, reverse } = flags;
    const choice = { names: argv.map(String), tag, where, all: seeds };
    const runs = await selectRuns(openStore(), choice);
    if (seeds) {
      const unsorted = compareSeeds(runs);
      const comparison = sort === undefined ? unsorted : sortVariants(unsorted, sort, reverse);
      return this.show(comparison, seedGrid(comparison, flags.figure ?? []), flags.format);
    }
    const unsorted = compareRuns(runs);
    const comparison =
      sort === undefined
        ? unsorted
        : compareRuns(runOrder(unsorted, sort, reverse).map((at) => runs[at]));
    return this.show(comparison, comparisonGrid(comparison), flags.format);
  }

  private show<Comparison extends object>(
    comparison: Comparison,
    grid: Grid,
    format: (typeof gridFormats)[number] | 'json',
  ): Comparison {
    this.log(format === 'json' ? JSON.stringify(comparison, null, 2) : renderGrid(grid, format));
    return comparison;
  }
}
