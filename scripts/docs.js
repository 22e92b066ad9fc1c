// Writes what is generated from code and data, parts of README.md and docs/ and the example page: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withRequirements } from '../dist/doctor/page.js';
import { reportExperiments } from '../dist/experiments/report.js';
import { specDocument } from '../dist/report/spec-doc.js';
import { packageFile } from '../dist/util/paths.js';
import { examplePage } from '../dist/web/example.js';

writeFileSync(packageFile('docs/spec.md'), specDocument());
writeFileSync(packageFile('docs/experiments.md'), reportExperiments());
const readme = packageFile('README.md');
writeFileSync(readme, withRequirements(readFileSync(readme, 'utf8')));
writeFileSync(packageFile('examples/draw-a-digit.html'), await examplePage());
