import { Args, Flags } from '@oclif/core';
import { planStages } from '../pipeline/executor.js';
import { preflight } from '../pipeline/preflight.js';
import { specsOfRuns } from '../pipeline/run-specs.js';
import { stepsOf } from '../pipeline/steps.js';
import { openStore } from '../pipeline/store.js';
import { planDocument, planText } from '../report/progress-plan.js';
import { loadSpec } from '../spec/load.js';
import { locationText } from '../spec/problem.js';
import type { Spec } from '../spec/types.js';
import { BaseCommand, rangeFlags, setFlag } from './base.js';

export default class Plan extends BaseCommand {
  static override summary = 'Say what a run would do, stage by stage, and why.';
  static override examples = [
    '<%= config.bin %> plan configs/quickstart.yaml',
    {
      description: 'What would change if training took longer',
      command: '<%= config.bin %> plan configs/quickstart.yaml --set train.epochs=8',
    },
    {
      description: 'What the network costs in bits and operations; needs neither data nor training',
      command: '<%= config.bin %> plan configs/imagenet/resnet18-0.56bit.yaml --cost',
    },
  ];
  static override args = {
    file: Args.string({ required: true, description: 'the spec, a YAML file' }),
  };
  static override flags = {
    ...setFlag,
    ...rangeFlags,
    cost: Flags.boolean({ summary: 'Show what the network costs instead.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Plan);
    const { spec, locate } = await loadSpec(args.file, flags.set, specsOfRuns(openStore()));
    if (flags.cost) return this.cost(spec);
    const { stages } = await import('../stages/index.js');
    const planned = await planStages({ ...flags, spec, stages, store: openStore() });
    const place = (field: string) => {
      const location = locate(field);
      return location && locationText(location);
    };
    const failures = await preflight(stepsOf(stages, spec, flags), planned);
    this.log(planText(planned, place, failures));
    return planDocument(planned, failures);
  }

  private async cost(spec: Spec): Promise<object> {
    const { costOverview, overviewTable } = await import('../report/cost-overview.js');
    const { costTable, realCostText } = await import('../report/cost-table.js');
    const { binaryCostOf } = await import('../spec/cost.js');
    const { networkShape } = await import('../spec/shape.js');
    const shape = networkShape(spec);
    const cost = binaryCostOf(spec);
    const overview = costOverview(
      shape,
      cost?.quantization ?? { structure: 'free', activations: 'binary' },
    );
    const own = cost === null ? realCostText(shape) : costTable(cost);
    this.log([own, '', overviewTable(overview)].join('\n'));
    return {
      cost,
      overview: overview.map(({ cost: { quantization, total }, published }) => ({
        quantization,
        total,
        published,
      })),
    };
  }
}
