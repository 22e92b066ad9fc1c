import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { type LargerPartName, largerParts, synthesizeFor } from '../../fpga/larger-parts.js';
import { specsOfRuns } from '../../pipeline/run-specs.js';
import { openStore } from '../../pipeline/store.js';
import { resourcesText } from '../../report/resources-text.js';
import { networkOf } from '../../spec/largest-tau.js';
import { loadSpec } from '../../spec/load.js';
import { interruptible } from '../../util/interrupt.js';
import { BaseCommand, setFlag } from '../base.js';

const names = Object.keys(largerParts) as LargerPartName[];

export default class FpgaResources extends BaseCommand {
  static override summary = 'What the accelerator takes of an ECP5 or a Xilinx 7, by Yosys.';
  static override description =
    'The whole accelerator of a spec, its link included, synthesised for parts that this program makes no ' +
    'bitstreams for: counted before placement, not routed. hw/boards has constraints and scripts to go on with.';
  static override examples = [
    '<%= config.bin %> fpga resources configs/quickstart.yaml',
    '<%= config.bin %> fpga resources configs/quickstart.yaml --part xc7a35t --set quantize.tau=4',
  ];
  static override args = { spec: Args.string({ required: true, description: 'a spec file' }) };
  static override flags = {
    ...setFlag,
    part: Flags.option({
      options: names,
      multiple: true,
      summary: 'The parts; default: all.',
    })(),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(FpgaResources);
    const { spec } = await loadSpec(args.spec, flags.set ?? [], specsOfRuns(openStore()));
    const { shape, tau } = networkOf(spec);
    const logs = await mkdtemp(join(tmpdir(), 'snn-resources-'));
    const parts = await interruptible(async (signal) => {
      const found = [];
      for (const name of flags.part ?? names) {
        this.logToStderr(`synthesising for ${largerParts[name].part}, a minute or two`);
        const context = { logs: join(logs, name), emit: () => {}, signal };
        found.push(await synthesizeFor(name, shape, tau, context));
      }
      return found;
    });
    this.log(resourcesText(parts));
    return { spec: spec.name, parts };
  }
}
