import { parseArgs } from 'node:util';
import { experiments } from './list.js';
import { runExperiment } from './run.js';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const names = values.only?.split(',') ?? experiments.map(({ name }) => name);
const unknown = names.find((name) => !experiments.some((experiment) => experiment.name === name));
if (unknown !== undefined) {
  const known = experiments.map(({ name }) => name).join(', ');
  console.error(`no experiment is called ${unknown}; there are ${known}`);
  process.exit(2);
}
for (const experiment of experiments.filter(({ name }) => names.includes(name))) {
  console.error(`${experiment.name}: ${experiment.title}`);
  await runExperiment(experiment, (text) => console.error(`${experiment.name}: ${text}`));
}
