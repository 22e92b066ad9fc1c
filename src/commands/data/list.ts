import { BaseCommand } from '../base.js';

export default class DataList extends BaseCommand {
  static override summary = 'Say which data sets there are, and where they are on this machine.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'For a program', command: '<%= config.bin %> <%= command.id %> --json' },
  ];

  async run(): Promise<object> {
    await this.parse(DataList);
    const { dataCache } = await import('../../data/cache.js');
    const { listDataSets } = await import('../../data/list.js');
    const { dataTable } = await import('../../report/data-table.js');
    const sets = listDataSets();
    const cache = dataCache();
    this.log(dataTable(sets, cache));
    return { cache, sets };
  }
}
