import { basename, extname } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { type KeyMap, type KnownNetwork, knownNetworks } from '../import/key-map.js';
import { Failure } from '../util/failure.js';
import { readInput, writeFileAtomic } from '../util/files.js';
import { BaseCommand } from './base.js';

export default class Import extends BaseCommand {
  static override summary = 'Turn a checkpoint of PyTorch into a packed model.';
  static override description =
    'Reads a checkpoint (PyTorch’s formats or safetensors) as data; nothing of it is executed. Its tensors ' +
    'have to be those of the network, no more and no less: whatever is missing, unexpected or of the ' +
    'wrong shape is listed. Networks whose tensors have other names are read by a key map ' +
    '(docs/import.md).';
  static override examples = [
    '<%= config.bin %> import checkpoint.pth.tar --as birealnet18 -o model.snn',
    {
      description: 'Real weights, quantised to 5 bits a kernel without training',
      command:
        '<%= config.bin %> import step1.pth.tar --as birealnet18 --quantize tau=5 --calibrate images -o model.snn',
    },
    {
      description: 'A network whose tensors have other names',
      command:
        '<%= config.bin %> import weights.safetensors --map map.yaml --image 32 -o model.snn',
    },
  ];
  static override args = {
    checkpoint: Args.string({ required: true, description: 'the checkpoint' }),
  };
  static override flags = {
    as: Flags.option({
      options: Object.keys(knownNetworks) as KnownNetwork[],
      exclusive: ['map'],
      summary: 'The network that it is; birealnet takes any number of blocks.',
    })(),
    map: Flags.string({ helpValue: 'FILE', summary: 'How its tensors are named, a YAML file.' }),
    output: Flags.string({
      char: 'o',
      helpValue: 'FILE',
      default: 'model.snn',
      summary: 'The packed model to write.',
    }),
    image: Flags.integer({
      helpValue: 'SIDE',
      default: 224,
      min: 1,
      summary: 'Side of the images, in pixels.',
    }),
    quantize: Flags.string({
      helpValue: 'tau=N',
      summary: 'Quantise real weights to N bits a kernel, 1 to 9; needs --calibrate.',
    }),
    calibrate: Flags.string({
      helpValue: 'DIR',
      summary: 'A folder of images: for the range of activations, and norms with --quantize.',
    }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Import);
    const { importModel, summarize } = await import('../import/import-model.js');
    const { importText } = await import('../report/import-text.js');
    const notes: string[] = [];
    const imported = await importModel(
      {
        ...(await networkNamed(flags)),
        file: args.checkpoint,
        bytes: await readInput(args.checkpoint),
        image: flags.image,
        quantize: flags.quantize === undefined ? null : tauOf(flags.quantize),
        calibrate: flags.calibrate ?? null,
        tool: `${this.config.pjson.name} ${this.config.version}`,
      },
      (note) => {
        notes.push(note);
        this.logToStderr(note);
      },
    );
    await writeFileAtomic(flags.output, imported.bytes);
    const summary = summarize(imported);
    this.log(importText(summary, flags.output));
    return { output: flags.output, notes, ...summary };
  }
}

/** The network that the flags name: what to call it, its key map, and its blocks if these are given. */
async function networkNamed(flags: {
  as?: KnownNetwork | undefined;
  map?: string | undefined;
}): Promise<{
  network: string;
  map: KeyMap;
  stages: readonly number[] | null;
}> {
  if (flags.as !== undefined) return { network: flags.as, ...knownNetworks[flags.as] };
  if (flags.map === undefined) {
    throw new Failure('input', 'which network is it?', [
      `name one that is known: --as ${Object.keys(knownNetworks).join(' or ')}`,
      'or tell how its tensors are named: --map map.yaml (docs/import.md)',
    ]);
  }
  const { readKeyMap } = await import('../import/key-map-file.js');
  const text = new TextDecoder().decode(await readInput(flags.map));
  const network = basename(flags.map, extname(flags.map));
  return { network, map: readKeyMap(text, flags.map), stages: null };
}

/** @throws Failure where it is not `tau=1` to `tau=9` */
function tauOf(text: string): number {
  const tau = /^tau=([1-9])$/.exec(text)?.[1];
  if (tau !== undefined) return Number(tau);
  throw new Failure('input', `--quantize ${text}: must be tau=N with N from 1 to 9`);
}
