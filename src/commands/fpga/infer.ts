import { Args, Flags } from '@oclif/core';
import { inferenceOn, loadNetwork } from '../../fpga/device/infer.js';
import { readPicture } from '../../fpga/device/picture.js';
import { inferenceText } from '../../report/device-text.js';
import { BaseCommand, deploymentArg, placeFlags } from '../base.js';

export default class FpgaInfer extends BaseCommand {
  static override summary = 'Classify an image on the board.';
  static override description =
    'The image is read as the network sees it: grey for one channel, and scaled to its size. The logits are ' +
    "held against the CPU runtime's, and the command fails if one differs.";
  static override examples = [
    '<%= config.bin %> fpga infer digit.png --port /dev/ttyUSB1',
    '<%= config.bin %> fpga infer digit.png deploy/quickstart --simulated',
  ];
  static override args = {
    image: Args.string({ required: true, description: 'an image file: PNG, JPEG, WebP' }),
    ...deploymentArg,
  };
  static override flags = {
    ...placeFlags,
    load: Flags.boolean({
      default: true,
      allowNo: true,
      summary: 'Load the network first; --no-load takes the one that the board holds.',
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(FpgaInfer);
    return this.onDevice(flags, args.deployment, async (device, deployment) => {
      const { model, bundle, folder } = deployment;
      const picture = await readPicture(args.image, model.shape.input);
      if (flags.load) await loadNetwork(device, deployment);
      const inference = await inferenceOn(device, deployment)(picture.pixels);
      this.log(inferenceText(inference, bundle.network.classes, picture));
      const { resizedFrom } = picture;
      return { deployment: folder, image: args.image, resizedFrom, ...inference };
    });
  }
}
