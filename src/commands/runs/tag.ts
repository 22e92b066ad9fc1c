import { Args, Flags } from '@oclif/core';
import { checkTag, readRun, tagRun } from '../../pipeline/runs.js';
import { openStore } from '../../pipeline/store.js';
import { BaseCommand } from '../base.js';

export default class RunsTag extends BaseCommand {
  static override summary = 'Give a run a tag to find it by.';
  static override examples = [
    '<%= config.bin %> runs tag quickstart best',
    {
      description: 'Take the tag away again',
      command: '<%= config.bin %> runs tag quickstart best --remove',
    },
  ];
  static override args = {
    run: Args.string({ required: true, description: 'id, beginning of an id, or spec name' }),
    tag: Args.string({ required: true, description: 'letters, digits, dots, dashes, underscores' }),
  };
  static override flags = { remove: Flags.boolean({ summary: 'Take the tag away.' }) };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(RunsTag);
    checkTag(args.tag);
    const store = openStore();
    const change = flags.remove ? { remove: [args.tag] } : { add: [args.tag] };
    const { id, tags = [] } = await tagRun(store, await readRun(store, args.run), change);
    this.log(`${id}: ${tags.length === 0 ? 'no tags' : tags.join(', ')}`);
    return { run: id, tags };
  }
}
