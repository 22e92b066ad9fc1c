import { Flags } from '@oclif/core';
import { collectGarbage } from '../../pipeline/cache.js';
import { openStore } from '../../pipeline/store.js';
import { collectedText } from '../../report/cache-text.js';
import { interruptible } from '../../util/interrupt.js';
import { BaseCommand } from '../base.js';

export default class CacheGc extends BaseCommand {
  static override summary = 'Remove artifacts and checkpoints that no run on record refers to.';
  static override description =
    'Artifacts of a run stay as long as `snn runs` lists it. Nothing is removed while a run is under way.';
  static override examples = [
    { description: 'Look first', command: '<%= config.bin %> cache gc --dry-run' },
    '<%= config.bin %> cache gc',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ summary: 'Say what would be removed; remove nothing.' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(CacheGc);
    const dryRun = flags['dry-run'];
    const collected = await interruptible((signal) =>
      collectGarbage(openStore(), { dryRun, signal }),
    );
    this.log(collectedText(collected, dryRun));
    return { dryRun, ...collected };
  }
}
