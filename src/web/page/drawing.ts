/** A place on the pad; 0, 0 is its upper left and 1, 1 its lower right corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is on the pad: strokes of a pen, or an image of a digit as the network reads it. */
export type Drawing =
  | { readonly kind: 'strokes'; readonly strokes: readonly (readonly Point[])[] }
  | { readonly kind: 'image'; readonly pixels: Uint8Array };

export const nothing: Drawing = { kind: 'strokes', strokes: [] };

/** The drawing with a new stroke that begins at `point`; an image gives way to it. */
export function begin(drawing: Drawing, point: Point): Drawing {
  const strokes = drawing.kind === 'strokes' ? drawing.strokes : [];
  return { kind: 'strokes', strokes: [...strokes, [point]] };
}

/** The drawing with its last stroke drawn on to `points`. */
export function draw(drawing: Drawing, points: readonly Point[]): Drawing {
  const last = drawing.kind === 'strokes' && drawing.strokes.at(-1);
  if (!last) return drawing;
  return { kind: 'strokes', strokes: [...drawing.strokes.slice(0, -1), [...last, ...points]] };
}

/** The drawing without its last stroke. */
export function undo(drawing: Drawing): Drawing {
  return drawing.kind === 'strokes'
    ? { ...drawing, strokes: drawing.strokes.slice(0, -1) }
    : nothing;
}

export function isEmpty(drawing: Drawing): boolean {
  return drawing.kind === 'strokes' && drawing.strokes.length === 0;
}

/** Width of the pen on the pad, of which the side is 1. */
export const padPen = 0.065;

/** Width of MNIST's pens: 2.5 pixels (twice area over outline, 1000 test images) of a digit's 20. */
const penOfExtent = 2.5 / 20;

/**
 * The pen that makes a drawing as bold as MNIST's digits once it is scaled like them: a share of its longer side,
 * however small or large it was drawn.
 */
export function boldness(strokes: readonly (readonly Point[])[]): number {
  const points = strokes.flat();
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const extent = Math.max(...[xs, ys].map((values) => Math.max(...values) - Math.min(...values)));
  return Math.max((extent * penOfExtent) / (1 - penOfExtent), padPen / 4);
}
