import { pingText } from '../../report/device-text.js';
import { BaseCommand, deploymentArg, placeFlags } from '../base.js';

export default class FpgaPing extends BaseCommand {
  static override summary = 'Ask a board which accelerator it holds.';
  static override description =
    'Tells the version of its protocol and the parameters of its bitstream; fails where nobody answers ' +
    'or the bitstream was made for another network than the deployment.';
  static override examples = [
    '<%= config.bin %> fpga ping --port /dev/ttyUSB1',
    '<%= config.bin %> fpga ping --simulated',
  ];
  static override args = deploymentArg;
  static override flags = placeFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(FpgaPing);
    return this.onDevice(flags, args.deployment, async ({ description }, { folder }) => {
      this.log(pingText(description, folder));
      return { deployment: folder, description };
    });
  }
}
