/** Side of the images that MNIST's networks read. */
export const side = 28;

/** Side of the box that every digit of MNIST fills. */
const box = 20;

/** How much ink is where: 0 none to 255 all, [height, width]. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

/** The smallest rectangle that holds all ink: first row or column and the one behind the last. */
interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function boundsOf({ width, height, values }: Ink): Bounds | null {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return right > left ? { left, top, right, bottom } : null;
}

/** For each cell of a line of `box`: the pixels of first..end under it and which share of the cell each covers. */
function coverage(first: number, end: number, pixelsPerCell: number) {
  return Array.from({ length: box }, (_, cell) => {
    const [from, to] = [first + cell * pixelsPerCell, first + (cell + 1) * pixelsPerCell];
    const shares: { readonly pixel: number; readonly share: number }[] = [];
    for (let pixel = Math.floor(from); pixel < Math.min(to, end); pixel++) {
      const covered = Math.min(to, pixel + 1) - Math.max(from, pixel);
      shares.push({ pixel, share: covered / pixelsPerCell });
    }
    return shares;
  });
}

/** Ink scaled so that its longer side fills the box, mean of the area under a cell; [box, box]. */
function fitted({ width, values }: Ink, { left, top, right, bottom }: Bounds): Float64Array {
  const pixelsPerCell = Math.max(right - left, bottom - top) / box;
  const columns = coverage(left, right, pixelsPerCell);
  const rows = coverage(top, bottom, pixelsPerCell);
  return Float64Array.from({ length: box * box }, (_, i) => {
    let sum = 0;
    for (const row of rows[Math.floor(i / box)]) {
      for (const column of columns[i % box]) {
        sum += values[row.pixel * width + column.pixel] * row.share * column.share;
      }
    }
    return sum;
  });
}

/** Sends a centre of mass between two cells the same way, however its sums were rounded. */
const tie = 1e-9;

/** Whole cells by which the box moves so that the mean place of its ink comes to row and column 14. */
function shiftOf(cells: Float64Array): { readonly x: number; readonly y: number } {
  let [mass, x, y] = [0, 0, 0];
  cells.forEach((ink, i) => {
    mass += ink;
    x += ink * (i % box);
    y += ink * Math.floor(i / box);
  });
  const shift = (sum: number) => Math.round(side / 2 - sum / mass + tie);
  return { x: shift(x), y: shift(y) };
}

/**
 * A drawing as MNIST would hold it (yann.lecun.com/exdb/mnist): scaled to fit 20x20 with its proportions kept,
 * grey at its edges, and moved so that its centre of mass is in the middle of 28x28. A digit of MNIST stays itself.
 *
 * @returns pixels, 0 paper to 255 ink, [28, 28]
 */
export function toDigit(ink: Ink): Uint8Array {
  const digit = new Uint8Array(side * side);
  const bounds = boundsOf(ink);
  if (!bounds) return digit;
  const cells = fitted(ink, bounds);
  const shift = shiftOf(cells);
  cells.forEach((value, i) => {
    const x = (i % box) + shift.x;
    const y = Math.floor(i / box) + shift.y;
    const inside = x >= 0 && x < side && y >= 0 && y < side;
    if (inside) digit[y * side + x] = Math.round(value);
  });
  return digit;
}
