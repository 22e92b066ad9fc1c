// Writes the parts of README.md and docs/ that are generated from code and data: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withRequirements } from '../dist/doctor/page.js';
import { reportExperiments } from '../dist/experiments/report.js';
import { specDocument } from '../dist/report/spec-doc.js';
import { packageFile } from '../dist/util/paths.js';

writeFileSync(packageFile('docs/spec.md'), specDocument());
writeFileSync(packageFile('docs/experiments.md'), reportExperiments());
const readme = packageFile('README.md');
writeFileSync(readme, withRequirements(readFileSync(readme, 'utf8')));
