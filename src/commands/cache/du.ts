import { cacheUse } from '../../pipeline/cache.js';
import { openStore } from '../../pipeline/store.js';
import { cacheUseText } from '../../report/cache-text.js';
import { BaseCommand } from '../base.js';

export default class CacheDu extends BaseCommand {
  static override summary = 'Say what the store takes on the disk, by stage.';
  static override examples = ['<%= config.bin %> cache du'];

  async run(): Promise<object> {
    await this.parse(CacheDu);
    const use = await cacheUse(openStore());
    this.log(cacheUseText(use));
    return use;
  }
}
