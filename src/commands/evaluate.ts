import { Args, Flags } from '@oclif/core';
import { formatOf } from '../data/formats/index.js';
import { readModelFile } from '../pipeline/model-file.js';
import type { DataSetName } from '../spec/types.js';
import { interruptible } from '../util/interrupt.js';
import { BaseCommand } from './base.js';

export default class Evaluate extends BaseCommand {
  static override summary = 'Test a packed model on the test images of a data set.';
  static override description =
    'Top-1 and top-5 accuracy in the packed runtime, on all cores. Photographs are scaled and their centre is ' +
    'cut out as usual for ImageNet (for 224x224: the shorter side to 256); mean and deviation of the ' +
    'input are part of the model.';
  static override examples = [
    '<%= config.bin %> evaluate model.snn --data imagenet --path ILSVRC2012/val',
    '<%= config.bin %> evaluate model.snn --data mnist --limit 1000',
  ];
  static override args = {
    model: Args.string({ required: true, description: 'the packed model, a .snn file' }),
  };
  static override flags = {
    data: Flags.option({
      options: Object.keys(formatOf) as DataSetName[],
      required: true,
      summary: 'The data set; folder: a folder of your own with a folder of images for each class.',
    })(),
    path: Flags.string({
      helpValue: 'DIR',
      summary: 'Where it is; default: the places where it is usually found.',
    }),
    limit: Flags.integer({ min: 1, summary: 'Test that many images.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Evaluate);
    const { evaluateModel } = await import('../evaluation/evaluate.js');
    const { evaluationText } = await import('../report/evaluation-text.js');
    const bytes = await readModelFile(args.model);
    const data = { set: flags.data, path: flags.path ?? null, limit: flags.limit ?? null };
    const report = (done: number, total: number) => this.logToStderr(`${done} of ${total} images`);
    const evaluation = await interruptible((signal) =>
      evaluateModel(bytes, args.model, data, report, signal),
    );
    this.log(evaluationText(evaluation));
    return evaluation;
  }
}
