import { readFile } from 'node:fs/promises';
import type { RunEvidence } from '../../stages/run-evidence.js';
import { packageFile } from '../../util/paths.js';
import { costOfLayers } from './cost.js';
import { type Pencil, takePencil } from './drawing.js';
import { frontiers } from './frontier.js';
import { hardwareOf } from './hardware.js';
import { ledgerSection } from './ledger.js';
import { html, type Markup, trusted } from './markup.js';
import { overview } from './overview.js';
import { figuresOf, provenanceOf, specOf } from './provenance.js';
import { type Subject, subjectsOf } from './subject.js';
import { subsetsOf } from './subsets.js';
import { trainingOf, trainingOfAll } from './training.js';

/** The page asks nobody for anything, and runs nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const kinds = html`<p>Every figure says how it was come by: <b>counted</b> exactly from shapes or files, <b>measured</b> on the machine that ran it, <b>simulated</b> cycle by cycle from the Verilog, or <b>modelled</b> by a formula or a tool's timing model.</p>`;

function runSection(subject: Subject, pencil: Pencil): Markup {
  const { number, title, run } = subject;
  return html`<section id="run${number}" class="run"><h2>#${number} ${title}</h2>
<p class="quiet">${run.id}, ${run.status}</p>
<div class="figures">
${trainingOf(subject, pencil)}
${subsetsOf(subject, pencil)}
${costOfLayers(subject, pencil)}
${hardwareOf(subject, pencil)}
</div>
${figuresOf(subject)}
${specOf(subject)}
${provenanceOf(subject)}
</section>
`;
}

/**
 * A report of runs as one HTML file that needs no network and no script.
 *
 * @param evidence one run at least, in the order of the report
 */
export async function reportPage(evidence: readonly RunEvidence[]): Promise<string> {
  const css = await readFile(packageFile('src/report/html/page.css'), 'utf8');
  const pencil = await takePencil();
  const all = subjectsOf(evidence);
  const { subjects } = all;
  const title =
    subjects.length === 1 ? `Run of ${subjects[0].title}` : `${subjects.length} runs, side by side`;
  const training = trainingOfAll(subjects, pencil);
  const front = frontiers(all, pencil);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(css)}</style>
</head>
<body>
<a class="skip" href="#summary">To the summary</a>
<header><h1>${title}</h1>
${kinds}
<nav aria-label="Sections"><ul>
<li><a href="#summary">Summary</a></li>
${front && html`<li><a href="#frontier">Accuracy and its cost</a></li>`}
${training && html`<li><a href="#training">Training</a></li>`}
<li><a href="#ledger">Published figures</a></li>
${subjects.map(({ number, title: name }) => html`<li><a href="#run${number}">#${number} ${name}</a></li>`)}
</ul></nav></header>
<main>
${overview(all)}
${front}
${training}
${ledgerSection(subjects)}
${subjects.map((subject) => runSection(subject, pencil))}
</main>
</body>
</html>
`;
  return page.markup;
}
