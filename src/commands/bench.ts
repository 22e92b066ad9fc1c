import { availableParallelism } from 'node:os';
import { Args, Flags } from '@oclif/core';
import { openStore } from '../pipeline/store.js';
import { speedText } from '../report/speed-text.js';
import { measureSpeed } from '../speed/speed.js';
import { findSubject } from '../speed/subject.js';
import { interruptible } from '../util/interrupt.js';
import { BaseCommand, setFlag } from './base.js';

/** Of random weights and images. */
const seed = 1;

export default class Bench extends BaseCommand {
  static override summary = "Time a network on this machine's CPU, layer by layer, against 1 bit.";
  static override description =
    'A packed model or a run is timed with its own weights; a spec needs no training, since speed does ' +
    'not depend on what weights were learnt. Layers and parts on one thread; the whole network on one and ' +
    'on all threads, one image and batches apart. In WebAssembly, and compiled by cc where that is there. ' +
    'Ratios are against the 1-bit twin, measured in turn with the network.';
  static override examples = [
    '<%= config.bin %> bench configs/imagenet/resnet18-0.56bit.yaml',
    {
      description: 'The model of a run, by its name',
      command: '<%= config.bin %> bench quickstart',
    },
    {
      description: 'Another bit width, on one thread, for a program',
      command:
        '<%= config.bin %> bench configs/quickstart.yaml --set quantize.tau=4 --threads 1 --json',
    },
  ];
  static override args = {
    what: Args.string({
      description:
        'a packed model (a .snn file), a spec (a YAML file), or the id or spec name of a run; default: the last run that packed a model',
    }),
  };
  static override flags = {
    ...setFlag,
    repeats: Flags.integer({
      min: 1,
      max: 10_000,
      default: 15,
      summary: 'Times that everything is measured.',
    }),
    threads: Flags.integer({
      min: 1,
      max: 1024,
      summary: 'Threads of what runs on all of them; default: as many as cores.',
    }),
    batch: Flags.integer({
      min: 1,
      max: 4096,
      summary: 'Images of a batch for each thread; default: 8 to 256, by their size.',
    }),
    native: Flags.boolean({
      allowNo: true,
      summary: 'Time the kernels compiled by cc, too; default: where cc is there.',
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Bench);
    const wanted = { what: args.what, overrides: flags.set ?? [], seed };
    const subject = await findSubject(openStore(), wanted);
    const report = await interruptible((signal) =>
      measureSpeed(subject, {
        repeats: flags.repeats,
        threads: flags.threads ?? availableParallelism(),
        batch: flags.batch ?? null,
        native: flags.native ?? null,
        seed,
        note: (text) => this.logToStderr(text),
        signal,
      }),
    );
    this.log(speedText(report));
    return report;
  }
}
