import { Args, Flags } from '@oclif/core';
import { dataSets } from '../../data/sets.js';
import type { KnownSetName } from '../../spec/types.js';
import { interruptible } from '../../util/interrupt.js';
import { BaseCommand } from '../base.js';

export default class DataFetch extends BaseCommand {
  static override summary = 'Fetch a data set into the data cache.';
  static override description =
    'Checks size and SHA-256 of every file before the data set appears in the cache: SNN_DATA, or ' +
    "snn/data in the user's cache folder. Interrupted, the same command goes on where it stopped. " +
    'A mirror is a folder on a server that holds one folder a data set, such as ' +
    'MIRROR/cifar10/cifar-10-binary.tar.gz.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> cifar10',
    {
      description: 'From a server of your own',
      command: '<%= config.bin %> <%= command.id %> cifar10 --mirror https://example.org/data',
    },
  ];
  static override args = {
    set: Args.string({
      required: true,
      options: Object.keys(dataSets),
      description: 'the data set, by its name in a spec',
    }),
  };
  static override flags = {
    mirror: Flags.string({
      helpValue: 'URL',
      env: 'SNN_DATA_MIRROR',
      summary: 'Fetch from this server instead of the origin.',
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DataFetch);
    const set = args.set as KnownSetName;
    const { dataCache } = await import('../../data/cache.js');
    const { origins } = await import('../../data/fetch/catalogue.js');
    const { fetchDataSet } = await import('../../data/fetch/fetch.js');
    const found = await interruptible((signal) =>
      fetchDataSet(set, origins[set], {
        cache: dataCache(),
        mirror: flags.mirror ?? null,
        onProgress: this.#everyTenth(set),
        signal,
      }),
    );
    this.log(`${set} ${found.fetched ? 'is' : 'was already'} in ${found.folder}`);
    return { set, ...found };
  }

  /** Prints a line whenever another tenth has arrived. */
  #everyTenth(set: string) {
    let told = -1;
    return (bytes: number, of: number) => {
      const tenths = Math.floor((10 * bytes) / of);
      if (tenths === told) return;
      told = tenths;
      this.logToStderr(`${set}: ${(bytes / 1e6).toFixed(1)} of ${(of / 1e6).toFixed(1)} MB`);
    };
  }
}
