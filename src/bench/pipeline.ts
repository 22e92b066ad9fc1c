import { packageFile } from '../util/paths.js';
import { inFreshFolder, metricOf, timedRun } from './cli.js';
import type { Suite } from './figure.js';
import { sweeps } from './sweeps.js';

const spec = packageFile('configs/quickstart.yaml');

/** The README's first command on an empty store and again on the full one, and large sweeps. */
export const pipeline: Suite = async (note) => [
  ...(await quickstart(note)),
  ...(await sweeps(note)),
];

const quickstart: Suite = (note) =>
  inFreshFolder(async (folder) => {
    note('the quickstart, all its stages');
    const first = await timedRun(folder, ['run', spec]);
    note('the same again');
    const second = await timedRun(folder, ['run', spec]);
    const rebuilt = second.document.stages.filter(
      ({ status, cached }) => status === 'finished' && !cached,
    );
    const shared = { kind: 'measured', baseline: null } as const;
    return [
      {
        id: 'pipeline.quickstart',
        value: first.seconds,
        unit: 's',
        goal: 180,
        better: 'lower',
        ...shared,
      },
      {
        id: 'pipeline.quickstart-cached',
        value: second.seconds,
        unit: 's',
        goal: 1.5,
        better: 'lower',
        ...shared,
      },
      {
        id: 'pipeline.stages-rebuilt',
        value: rebuilt.length,
        unit: 'stages of the second run',
        goal: 0,
        better: 'lower',
        ...shared,
      },
      {
        id: 'pipeline.quickstart-accuracy',
        value: metricOf(first.document, 'evaluate', 'test accuracy'),
        unit: '% of the MNIST test images, packed model',
        goal: 98.5,
        better: 'higher',
        ...shared,
      },
    ];
  });
