import { loadNetwork } from '../../fpga/device/infer.js';
import { loadingText } from '../../report/device-text.js';
import { BaseCommand, deploymentArg, placeFlags } from '../base.js';

export default class FpgaLoad extends BaseCommand {
  static override summary = "Load a deployment's network into the board.";
  static override description =
    'The board keeps it until it is loaded with another or loses power; then `fpga infer --no-load` runs it.';
  static override examples = ['<%= config.bin %> fpga load --port /dev/ttyUSB1'];
  static override args = deploymentArg;
  static override flags = placeFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(FpgaLoad);
    return this.onDevice(flags, args.deployment, async (device, deployment) => {
      const loading = await loadNetwork(device, deployment);
      this.log(loadingText(loading, deployment.folder));
      return { deployment: deployment.folder, ...loading };
    });
  }
}
