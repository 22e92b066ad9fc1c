import { verifyCache } from '../../pipeline/cache.js';
import { openStore } from '../../pipeline/store.js';
import { damageText } from '../../report/cache-text.js';
import { Failure } from '../../util/failure.js';
import { BaseCommand } from '../base.js';

export default class CacheVerify extends BaseCommand {
  static override summary = 'Check every byte of every artifact against its digests.';
  static override examples = ['<%= config.bin %> cache verify'];

  async run(): Promise<object> {
    await this.parse(CacheVerify);
    const { checked, damaged } = await verifyCache(openStore());
    this.document = { checked, damaged };
    if (damaged.length > 0) {
      const message = `${damaged.length} of ${checked} artifacts are damaged\n${damageText(damaged)}`;
      throw new Failure('input', message, ['a run that needs one builds it again']);
    }
    this.log(`${checked} artifacts are as they were made`);
    return this.document;
  }
}
