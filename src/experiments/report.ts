import { existsSync, readFileSync } from 'node:fs';
import { experiments } from './list.js';
import { experimentsPage } from './page.js';
import { recordFile } from './run.js';

/** docs/experiments.md, from the records that are kept. */
export function reportExperiments(): string {
  return experimentsPage(
    experiments.map((experiment) => {
      const file = recordFile(experiment.name);
      const record = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
      return { experiment, record };
    }),
  );
}
