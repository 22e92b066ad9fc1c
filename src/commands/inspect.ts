import { readFile } from 'node:fs/promises';
import { Args } from '@oclif/core';
import { Failure } from '../util/failure.js';
import { errorCode } from '../util/files.js';
import { BaseCommand } from './base.js';

export default class Inspect extends BaseCommand {
  static override summary =
    'Say what a packed model holds: layers, subsets, bytes, where it is from.';
  static override description =
    'Reads and checks the whole file first; a damaged one is refused by name of the failing section.';
  static override examples = [
    '<%= config.bin %> inspect model.snn',
    { description: 'For a program', command: '<%= config.bin %> inspect model.snn --json' },
  ];
  static override args = {
    file: Args.string({ required: true, description: 'the packed model, a .snn file' }),
  };

  async run(): Promise<object> {
    const { args } = await this.parse(Inspect);
    const { decodeModel } = await import('../model/container/read.js');
    const { describeModel } = await import('../model/describe.js');
    const { modelText } = await import('../report/model-text.js');
    const bytes = await readFile(args.file).catch((error: unknown) => {
      const code = errorCode(error);
      if (code === undefined) throw error;
      const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
      throw new Failure('input', `${args.file}: ${why}`, [
        'name a packed model: a run leaves its model.snn in the artifact of its pack stage',
      ]);
    });
    const description = describeModel(decodeModel(bytes, args.file), bytes.length);
    this.log(modelText(description));
    return description;
  }
}
