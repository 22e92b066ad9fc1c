import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { whyNotAccelerated } from '../fpga/advice.js';
import type { Manifest } from '../fpga/bundle.js';
import { deliver } from '../fpga/deliver.js';
import { verificationText } from '../fpga/read-me.js';
import { fpgaTargets } from '../fpga/targets.js';
import { programBoard, programCommand } from '../fpga/tools/loader.js';
import { installVerilator, verilatorVersion } from '../fpga/tools/verilator.js';
import { specsOfRuns } from '../pipeline/run-specs.js';
import { isOwnRun, lastRun, type RunRecord, readRun } from '../pipeline/runs.js';
import { artifactFolder, openStore, type Store } from '../pipeline/store.js';
import { loadSpec, storedSpec } from '../spec/load.js';
import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { interruptible } from '../util/interrupt.js';
import { BaseCommand } from './base.js';

/** A spec to deploy and where it was read. */
interface Source {
  readonly spec: Spec;
  readonly specFile: string | null;
}

export default class Deploy extends BaseCommand {
  static override summary =
    'Put everything that a board, a C program or a web page needs into one folder, proved bit for bit.';
  static override description =
    'Takes a run (the last one by default) or a spec and runs what is missing. --fpga: bitstream, packed ' +
    'network, pins, golden vectors, host program and manifest; the manifest says how the accelerator ' +
    'was verified: simulated in Verilator, bit for bit with the reference, or not simulated. --cpu: the ' +
    'network as a C library with its golden vectors, compiled by cc where there is one and compared ' +
    'with the reference on every layer, and as an ES module for browsers and Node; takes a packed model (a .snn file) as well.';
  static override examples = [
    {
      description: 'Deploy the last run',
      command: '<%= config.bin %> deploy --fpga',
    },
    {
      description: 'Deploy a spec; fail unless the accelerator was simulated',
      command: '<%= config.bin %> deploy --fpga configs/quickstart.yaml --require-simulation',
    },
    {
      description: 'The last run as a C library',
      command: '<%= config.bin %> deploy --cpu',
    },
    {
      description: 'A packed model as a C library, proved on random images',
      command: '<%= config.bin %> deploy --cpu model.snn --output network',
    },
    {
      description: 'Write the bitstream into the connected board as well',
      command: '<%= config.bin %> deploy --fpga --program',
    },
  ];
  static override args = {
    run: Args.string({
      description:
        'a run, a run’s name, a spec file, or with --cpu a packed model (.snn); default: the last finished run',
    }),
  };
  static override flags = {
    fpga: Flags.boolean({
      summary: 'Deploy to the FPGA that the spec targets.',
    }),
    cpu: Flags.boolean({
      summary: 'Deploy as a C library for any CPU, and as an ES module for browsers and Node.',
    }),
    output: Flags.string({
      helpValue: 'DIR',
      summary:
        'The folder to fill; default: deploy/<name>, with --cpu deploy/<name>-cpu. An earlier ' +
        'deployment is replaced.',
    }),
    'require-simulation': Flags.boolean({
      summary: 'Fail if the accelerator was not simulated.',
      dependsOn: ['fpga'],
    }),
    program: Flags.boolean({
      summary: 'Program the connected board with openFPGALoader.',
      dependsOn: ['fpga'],
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Deploy);
    if (flags.cpu === flags.fpga) {
      throw new Failure('input', 'name one target: --fpga or --cpu', [
        'an FPGA board: snn deploy --fpga',
        'a C library: snn deploy --cpu',
      ]);
    }
    return flags.cpu ? this.toCpu(args.run, flags.output) : this.toFpga(args.run, flags);
  }

  private async toCpu(wanted: string | undefined, output: string | undefined): Promise<object> {
    const { deployToCpu } = await import('../cpu/deploy.js');
    const { sourceOfFile, sourceOfRun } = await import('../cpu/source.js');
    const { summaryOf } = await import('../cpu/summary.js');
    const store = openStore();
    const source = wanted?.endsWith('.snn')
      ? await sourceOfFile(wanted)
      : await sourceOfRun(store, await this.finish(await findSource(store, wanted), 'evaluate'));
    const folder = output ?? join('deploy', `${source.name}-cpu`);
    const manifest = await interruptible((signal) => deployToCpu(source, resolve(folder), signal));
    this.document = { output: folder, manifest };
    this.log(summaryOf(manifest, folder));
    return this.document;
  }

  /** Runs what is missing of a source's stages, up to `until`. */
  private async finish(source: Source, until: string | null = null): Promise<RunRecord> {
    const range = until === null ? {} : { until };
    const outcome = await this.runStages({ ...source, ...range });
    if (outcome.status !== 'finished') throw outcome.error;
    return outcome.run;
  }

  private async toFpga(
    wanted: string | undefined,
    flags: { output?: string | undefined; 'require-simulation': boolean; program: boolean },
  ): Promise<object> {
    const store = openStore();
    const source = await findSource(store, wanted);
    targetOf(source.spec);
    if (flags['require-simulation'] && (await verilatorVersion()) === null) {
      throw new Failure('tool', 'not simulated: --require-simulation needs Verilator', [
        installVerilator,
      ]);
    }
    const run = await this.finish(source);
    const output = flags.output ?? join('deploy', run.spec.name);
    const manifest = await deliver(deployFolder(store, run), resolve(output));
    if (flags['require-simulation'] && !manifest.verification.simulated) {
      throw new Failure('tool', 'the deployment was not simulated', [installVerilator]);
    }
    this.document = { run: run.id, output, manifest };
    this.log(summary(manifest, output));
    if (flags.program) await this.program(run.spec, output);
    return this.document;
  }

  private async program(spec: Spec, output: string): Promise<void> {
    const target = targetOf(spec);
    const logs = await mkdtemp(join(tmpdir(), 'snn-program-'));
    const bitstream = join(output, 'bitstream.bin');
    await interruptible((signal) =>
      programBoard(target, bitstream, { logs, emit: () => {}, signal }),
    );
    this.log(`programmed the ${fpgaTargets[target].board}`);
  }
}

async function findSource(store: Store, wanted: string | undefined): Promise<Source> {
  if (wanted !== undefined && (existsSync(wanted) || /\.ya?ml$/.test(wanted))) {
    const { spec, file } = await loadSpec(wanted, [], specsOfRuns(store));
    return { spec, specFile: file };
  }
  const run = wanted === undefined ? await lastRun(store, isOwnRun) : await readRun(store, wanted);
  if (run !== null) return { ...run, spec: await storedSpec(run.spec, run.id) };
  throw new Failure('input', 'there is no run to deploy', [
    'run one first: snn run configs/quickstart.yaml',
    'or name a spec: snn deploy --cpu configs/quickstart.yaml',
  ]);
}

/** @throws Failure where the spec has nothing to put on an FPGA */
function targetOf({ device, quantize }: Spec) {
  const why = whyNotAccelerated(quantize);
  if (why !== null) {
    throw new Failure('input', why, ['set quantize.binarize to weights+activations and run again']);
  }
  if (device.target !== 'cpu') return device.target;
  throw new Failure('input', 'device.target is cpu: there is no FPGA to deploy to', [
    `set device.target to ${Object.keys(fpgaTargets).join(' or ')} and run again`,
  ]);
}

function deployFolder(store: Store, { stages }: RunRecord): string {
  const stage = stages.find(({ name }) => name === 'deploy');
  if (stage?.fingerprint == null) throw new Error('the run made no deployment');
  return artifactFolder(store, 'deploy', stage.fingerprint);
}

/** What is in the folder, what was verified and how, and what to do next. */
function summary({ files, verification, target, part, board }: Manifest, output: string): string {
  const name = target as keyof typeof fpgaTargets;
  const size = Object.values(files).reduce((sum, file) => sum + file.size, 0);
  const rows = [
    [
      'folder',
      `${output}: ${Object.keys(files).length + 1} files, ${(size / 1024).toFixed(0)} KiB`,
    ],
    ['for', `${part} (${board})`],
    ['holds', Object.keys(files).join(', ')],
    ['verified', verificationText(verification)],
    ['next', programCommand(name, join(output, 'bitstream.bin'))],
    ['', `node ${join(output, 'host/main.js')} --port /dev/ttyUSB1`],
  ];
  return ['', ...rows.map(([label, text]) => `${label.padEnd(8)}  ${text}`)].join('\n');
}
