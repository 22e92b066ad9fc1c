import { Flags } from '@oclif/core';
import { findRuns, timeAgo } from '../../pipeline/find-runs.js';
import { openStore } from '../../pipeline/store.js';
import { runsDocument, runsText } from '../../report/runs-text.js';
import { BaseCommand } from '../base.js';

export default class Runs extends BaseCommand {
  static override summary = 'List the runs on record, the newest first.';
  static override examples = [
    '<%= config.bin %> runs',
    {
      description: 'Of a sweep, those that failed in the last two days',
      command: '<%= config.bin %> runs --tag bits --status failed --since 2d',
    },
    {
      description: 'Of every spec whose name begins so',
      command: "<%= config.bin %> runs --name 'quickstart*' --limit 100",
    },
  ];
  static override flags = {
    name: Flags.string({ helpValue: 'name', summary: "The spec's name; * stands for anything." }),
    tag: Flags.string({ helpValue: 'tag', summary: 'A tag; a sweep tags its runs with its name.' }),
    status: Flags.option({
      options: ['running', 'finished', 'failed', 'interrupted'] as const,
      summary: 'How they stand or ended.',
    })(),
    since: Flags.string({ helpValue: 'age', summary: 'Started within 45m, 12h, 30d or 2w.' }),
    before: Flags.string({ helpValue: 'age', summary: 'Started longer ago than this.' }),
    limit: Flags.integer({ default: 20, min: 1, helpValue: 'n', summary: 'The newest n.' }),
  };

  async run(): Promise<object> {
    const { name, tag, status, since, before, limit } = (await this.parse(Runs)).flags;
    const now = new Date();
    const { runs, recorded } = await findRuns(openStore(), {
      name,
      tag,
      status,
      since: since === undefined ? undefined : timeAgo(since, now),
      before: before === undefined ? undefined : timeAgo(before, now),
      limit,
    });
    this.log(runsText(runs, recorded));
    return runsDocument(runs, recorded);
  }
}
