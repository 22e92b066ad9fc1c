import { requirements } from './requirements.js';

const begin = '<!-- what system packages add: written by `npm run docs` -->';
const end = '<!-- end -->';

/** What system packages add, one a row, as Markdown; engines are npm packages. */
function optionalTable(): string {
  const optional = requirements.filter(({ needed, probe }) => !needed && probe.kind !== 'engine');
  return [
    '| package | adds | Debian, Ubuntu |',
    '|---|---|---|',
    ...optional.map(({ name, adds, install }) => `| ${name} | ${adds} | \`${install}\` |`),
  ].join('\n');
}

/**
 * README.md with its table of system packages as `snn doctor` knows them.
 *
 * @throws Error when the page has lost the marks between which the table stands
 */
export function withRequirements(page: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error('README.md has lost the marks around its table');
  return `${page.slice(0, from + begin.length)}\n${optionalTable()}\n${page.slice(to)}`;
}
