import { Flags } from '@oclif/core';
import { benchDevice } from '../../fpga/device/bench.js';
import { loadNetwork } from '../../fpga/device/infer.js';
import { deviceSpeedText } from '../../report/device-text.js';
import { BaseCommand, deploymentArg, placeFlags } from '../base.js';

export default class FpgaBench extends BaseCommand {
  static override summary = 'Time a board on golden images, engine and link apart.';
  static override description =
    'Every logit is held against the CPU runtime. The engine is told by its cycle counter at the clock of the ' +
    'board; the link is measured on a port and modelled, by its bytes, in simulation.';
  static override examples = ['<%= config.bin %> fpga bench --port /dev/ttyUSB1 --images 100'];
  static override args = deploymentArg;
  static override flags = {
    ...placeFlags,
    images: Flags.integer({
      min: 1,
      max: 100_000,
      default: 8,
      summary: 'Images to run; from the first again where the deployment holds fewer.',
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(FpgaBench);
    return this.onDevice(flags, args.deployment, async (device, deployment) => {
      await loadNetwork(device, deployment);
      const speed = await benchDevice(device, deployment, flags.images);
      this.log(deviceSpeedText(speed));
      return { deployment: deployment.folder, ...speed };
    });
  }
}
