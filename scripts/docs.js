// Writes the parts of docs/ that are generated from the code. Run it with `npm run docs`.
import { writeFileSync } from 'node:fs';
import { specDocument } from '../dist/report/spec-doc.js';
import { packageFile } from '../dist/util/paths.js';

writeFileSync(packageFile('docs/spec.md'), specDocument());
