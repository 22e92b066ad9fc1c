// Writes the parts of README.md and docs/ that are generated from the code: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withRequirements } from '../dist/doctor/page.js';
import { specDocument } from '../dist/report/spec-doc.js';
import { packageFile } from '../dist/util/paths.js';

writeFileSync(packageFile('docs/spec.md'), specDocument());
const readme = packageFile('README.md');
writeFileSync(readme, withRequirements(readFileSync(readme, 'utf8')));
