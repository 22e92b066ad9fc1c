import type { FigureKind } from '../../pipeline/events.js';
import { type Content, html, type Markup } from './markup.js';

/** A table's column; figures go right. */
export interface Column {
  readonly head: Content;
  readonly numeric?: boolean;
}

/** A table that scrolls by itself where it is too wide, by keys too. */
export function tableOf(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Markup {
  const numeric = (i: number) => html`${columns[i].numeric ? html` class="n"` : null}`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ head }, i) => html`<th scope="col"${numeric(i)}>${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, i) =>
        i === 0
          ? html`<th scope="row"${numeric(0)}>${cell}</th>`
          : html`<td${numeric(i)}>${cell}</td>`,
      )}</tr>
`,
  )}</tbody></table></div>`;
}

/** How a figure was come by, beside it. */
export function kindMark(kind: FigureKind): Markup {
  return html` <small class="kind">${kind}</small>`;
}

/** A drawing, or several, with what it tells, and its numbers as a table that opens. */
export interface FigureParts {
  readonly caption: string;
  /** How what it shows was come by. */
  readonly kinds: readonly FigureKind[];
  readonly drawings: readonly Markup[];
  /** What colours and signs stand for. */
  readonly legend?: Content;
  readonly data: Markup;
  /** Takes all the width there is. */
  readonly wide?: boolean;
}

/** A figure of a page. */
export function figureOf({ caption, kinds, drawings, legend, data, wide }: FigureParts): Markup {
  return html`<figure${wide ? html` class="wide"` : null}>
<figcaption>${caption} <small class="kind">${[...new Set(kinds)].join(', ')}</small></figcaption>
<div class="drawings">${drawings}</div>
${legend === undefined ? null : html`<p class="legend">${legend}</p>`}
<details><summary>Data: ${caption}</summary>${data}</details>
</figure>`;
}

/** Says why something is not in the page. */
export function absent(what: string, why: string): Markup {
  return html`<p class="absent">${what}: ${why}.</p>`;
}

/** A patch of the colour that a class gives it, with what it stands for. */
export function swatch(name: string, text: string): Markup {
  return html`<span class="key"><svg class="swatch ${name}" width="12" height="12" aria-hidden="true"><rect width="12" height="12"/></svg> ${text}</span> `;
}
