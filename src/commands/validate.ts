import { Args, Flags } from '@oclif/core';
import { bitsPerBinaryWeight } from '../model/cost.js';
import { specsOfRuns } from '../pipeline/run-specs.js';
import { openStore } from '../pipeline/store.js';
import { bitsText } from '../report/scaled.js';
import { binaryCostOf } from '../spec/cost.js';
import { specDigest } from '../spec/digest.js';
import { readSpec, specFailure } from '../spec/load.js';
import { describeProblem } from '../spec/problem.js';
import { renderSpec } from '../spec/render.js';
import { networkShape } from '../spec/shape.js';
import { BaseCommand, setFlag } from './base.js';

export default class Validate extends BaseCommand {
  static override summary = 'Check a spec and say what is wrong with it, all at once.';
  static override description =
    'Reads the spec with everything that it extends, lays --set over it, and checks it against the schema and the rules that no schema can state. Nothing is trained or written. Exit code 2 if anything is wrong.';
  static override examples = [
    '<%= config.bin %> validate configs/quickstart.yaml',
    {
      description: 'Write the spec out, with every default',
      command: '<%= config.bin %> validate configs/quickstart.yaml --print',
    },
    {
      description: 'Try a change',
      command: '<%= config.bin %> validate configs/quickstart.yaml --set quantize.tau=4 --print',
    },
  ];
  static override args = {
    file: Args.string({ required: true, description: 'the spec, a YAML file' }),
  };
  static override flags = {
    ...setFlag,
    print: Flags.boolean({ summary: 'Print the spec in full, as YAML that is a spec again.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Validate);
    const { file } = args;
    const result = await readSpec(file, flags.set, specsOfRuns(openStore()));
    if (!result.ok) {
      this.document = { file, valid: false, problems: result.problems.map(describeProblem) };
      throw specFailure(file, result.problems);
    }

    const { spec } = result;
    const cost = binaryCostOf(spec);
    const layers = networkShape(spec).blocks.length;
    const network = cost
      ? `${layers} binary layers at ${bitsText(bitsPerBinaryWeight(cost))} per weight`
      : `${layers} layers of real weights`;
    const digest = specDigest(spec);
    this.log(
      flags.print
        ? renderSpec(spec).trimEnd()
        : `${file} is valid: ${spec.name}, ${network}\ndigest ${digest}`,
    );
    return { file, valid: true, digest, spec };
  }
}
