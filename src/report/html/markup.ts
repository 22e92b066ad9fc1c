/** HTML that may stand in a page as it is; any other text is escaped on its way in. */
export interface Markup {
  readonly markup: string;
}

/** What {@link html} takes between its literals; of null nothing is left. */
export type Content = Markup | string | number | null | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that means itself in an element and in a quoted attribute. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign]);
}

/** Takes a string for HTML that is known to be sound, such as a drawing. */
export function trusted(markup: string): Markup {
  return { markup };
}

function written(content: Content): string {
  if (content === null) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(written).join('');
}

/** A piece of HTML: texts between the literals are escaped, markup and lists of it are taken as they are. */
export function html(literals: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return trusted(
    literals.reduce((page, literal, i) => page + written(contents[i - 1] ?? null) + literal),
  );
}
