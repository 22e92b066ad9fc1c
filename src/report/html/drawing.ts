import type { PlotOptions } from '@observablehq/plot';
import { escapeText, type Markup, trusted } from './markup.js';

/** What a drawing is called and what it shows, for who cannot see it. */
export interface Telling {
  readonly title: string;
  readonly description: string;
}

/** The library that draws, loaded once it is wanted. */
export type Plotting = typeof import('@observablehq/plot');

/** Marks a page's drawings by their number, so that ids are unique and pages are the same every time. */
export interface Pencil {
  readonly plotting: Plotting;
  /** A plot of these options as SVG. */
  readonly plot: (telling: Telling, options: PlotOptions) => Markup;
  /** A drawing of `width` by `height` units of its own, `body` being sound SVG. */
  readonly draw: (telling: Telling, size: readonly [number, number], body: string) => Markup;
}

/** Loads what draws; without a browser. */
export async function takePencil(): Promise<Pencil> {
  const plotting = await import('@observablehq/plot');
  const { parseHTML } = await import('linkedom');
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  let drawings = 0;
  const draw: Pencil['draw'] = ({ title, description }, [width, height], body) => {
    const id = `d${++drawings}`;
    return trusted(
      `<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-labelledby="${id}t ${id}d"` +
        ` viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" fill="currentColor"` +
        ` text-anchor="middle" font-size="12"><title id="${id}t">${escapeText(title)}</title>` +
        `<desc id="${id}d">${escapeText(description)}</desc>${body}</svg>`,
    );
  };
  return {
    plotting,
    draw,
    plot(telling, options) {
      const size = { width: 560, height: 300, marginBottom: 40, ...options };
      const drawn = plotting.plot({ ...size, document });
      drawn.querySelector('style')?.remove();
      return draw(telling, [size.width, size.height], rounded(drawn.innerHTML));
    },
  };
}

/** Coordinates to a hundredth: what is beyond only takes room. */
function rounded(svg: string): string {
  return svg.replace(/(?<=[ ,(MLHVC"-])\d+\.\d{3,}/g, (number) =>
    String(Number(Number(number).toFixed(2))),
  );
}
