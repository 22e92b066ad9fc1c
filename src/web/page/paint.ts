import { type Ink, side } from './digit.js';
import { boldness, type Drawing } from './drawing.js';

/** The context of a canvas that is read as often as it is painted on. */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser has no canvas');
  return context;
}

/** Pixels of a digit, [28, 28], as a canvas of black ink on nothing. */
function imageCanvas(pixels: Uint8Array): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const image = new ImageData(side, side);
  pixels.forEach((ink, i) => {
    image.data[4 * i + 3] = ink;
  });
  contextOf(canvas).putImageData(image, 0, 0);
  return canvas;
}

/**
 * Paints a drawing over a square canvas.
 *
 * @param pen its width, of which the canvas's side is 1
 */
export function paint(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  pen: number,
  colour: string,
): void {
  const size = context.canvas.width;
  context.globalCompositeOperation = 'source-over';
  context.clearRect(0, 0, size, size);
  if (drawing.kind === 'image') {
    context.imageSmoothingEnabled = false;
    context.drawImage(imageCanvas(drawing.pixels), 0, 0, size, size);
    context.globalCompositeOperation = 'source-in';
    context.fillStyle = colour;
    context.fillRect(0, 0, size, size);
    return;
  }
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = pen * size;
  context.strokeStyle = colour;
  context.beginPath();
  for (const [first, ...rest] of drawing.strokes) {
    context.moveTo(first.x * size, first.y * size);
    for (const { x, y } of [first, ...rest]) context.lineTo(x * size, y * size);
  }
  context.stroke();
}

/** Side of the canvas on which ink is measured: ten pixels for one of an image. */
const inkSide = 10 * side;

/** A reader of a drawing's ink. */
export function inkReader(): (drawing: Drawing) => Ink {
  const canvas = document.createElement('canvas');
  canvas.width = inkSide;
  canvas.height = inkSide;
  const context = contextOf(canvas);
  return (drawing) => {
    const pen = drawing.kind === 'strokes' ? boldness(drawing.strokes) : 0;
    paint(context, drawing, pen, 'black');
    const { data } = context.getImageData(0, 0, inkSide, inkSide);
    const values = Uint8Array.from({ length: inkSide * inkSide }, (_, i) => data[4 * i + 3]);
    return { width: inkSide, height: inkSide, values };
  };
}
