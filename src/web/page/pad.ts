import { begin, type Drawing, draw, isEmpty, nothing, type Point, padPen } from './drawing.js';
import { contextOf, paint } from './paint.js';

/** How far an arrow key moves the pen. */
const step = 1 / 28;

const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -step, y: 0 },
  ArrowRight: { x: step, y: 0 },
  ArrowUp: { x: 0, y: -step },
  ArrowDown: { x: 0, y: step },
};

/** A canvas that is drawn on by mouse, touch, pen or arrow keys. */
export interface Pad {
  readonly show: (drawing: Drawing) => void;
  readonly drawing: () => Drawing;
}

/** The pen that arrow keys move; Space puts it down and lifts it. */
interface KeyPen {
  readonly at: Point;
  readonly down: boolean;
}

function inside(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/**
 * Makes a pad of a square canvas.
 *
 * @param changed is called behind every change; `settled` unless a stroke is still under way
 */
export function makePad(
  canvas: HTMLCanvasElement,
  changed: (drawing: Drawing, settled: boolean) => void,
): Pad {
  const context = contextOf(canvas);
  let drawing = nothing;
  let pen: KeyPen = { at: { x: 0.5, y: 0.2 }, down: false };
  let byKeys = false;

  const render = () => {
    const { color } = getComputedStyle(canvas);
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = canvas.width;
    paint(context, drawing, padPen, color);
    if (byKeys) paintPen(context, pen, color);
  };
  const show = (next: Drawing, settled = true) => {
    drawing = next;
    canvas.dataset.empty = String(isEmpty(drawing));
    render();
    changed(drawing, settled);
  };
  const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };

  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    byKeys = false;
    show(begin(drawing, pointOf(event)), false);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const events = event.getCoalescedEvents?.() ?? [];
    show(draw(drawing, (events.length > 0 ? events : [event]).map(pointOf)), false);
  });
  canvas.addEventListener('lostpointercapture', () => show(drawing));

  canvas.addEventListener('keydown', (event) => {
    const arrow = arrows[event.key];
    if ((!arrow && event.key !== ' ') || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byKeys = true;
    if (arrow) {
      pen = { ...pen, at: { x: inside(pen.at.x + arrow.x), y: inside(pen.at.y + arrow.y) } };
      show(pen.down ? draw(drawing, [pen.at]) : drawing);
    } else {
      pen = { ...pen, down: !pen.down };
      show(pen.down ? begin(drawing, pen.at) : drawing);
    }
  });
  canvas.addEventListener('blur', () => {
    pen = { ...pen, down: false };
    byKeys = false;
    render();
  });
  new ResizeObserver(render).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
  return {
    drawing: () => drawing,
    show: (next) => {
      pen = { ...pen, down: false };
      show(next);
    },
  };
}

/** A ring where the pen is; filled while it is down. */
function paintPen(context: CanvasRenderingContext2D, { at, down }: KeyPen, colour: string): void {
  const size = context.canvas.width;
  context.globalCompositeOperation = 'source-over';
  context.beginPath();
  context.arc(at.x * size, at.y * size, (padPen / 2) * size, 0, 2 * Math.PI);
  context.lineWidth = size / 150;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.stroke();
  if (down) context.fill();
}
