import type { Metric, Metrics, RunEvent, StageEvent } from '../pipeline/events.js';

const longestLine = 100;

/** A span of time for people: `0.3 s`, `41 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A figure to about four digits, with its unit: `98.12 %`, `12 345 LUT`, `0.00231 ms`. */
export function figure({ value, unit }: Metric): string {
  const size = Math.abs(value);
  const number = Number.isInteger(value)
    ? grouped(value.toFixed(0))
    : size >= 1000
      ? grouped(value.toFixed(0))
      : size >= 0.1
        ? value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3)
        : value.toPrecision(3);
  return unit === '' ? number : `${number} ${unit}`;
}

/** Digits in groups of three from five digits on, as SI asks. */
function grouped(digits: string): string {
  return digits.replace('-', '').length < 5
    ? digits
    : digits.replaceAll(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** The first few figures of a stage in one line. */
function keyFigures(metrics: Metrics, most = 3): string {
  return Object.entries(metrics)
    .slice(0, most)
    .map(([name, metric]) => `${name} ${figure(metric)}`)
    .join(', ');
}

/** The closing line of a stage: whether it was cached, how long it took, what it found. */
export function finishedText(event: Extract<RunEvent, { type: 'stage-finished' }>): string {
  const spent = event.cached ? 'cached' : duration(event.seconds);
  return [spent, keyFigures(event.metrics)].filter((part) => part !== '').join(' - ');
}

/** What a stage is at, in one line. */
export function stageEventText(event: StageEvent): string {
  switch (event.type) {
    case 'training': {
      const { epoch, epochs, image, images, loss, accuracy, imagesPerSecond, secondsLeft } = event;
      const { validation } = event;
      return [
        `epoch ${epoch}/${epochs} ${percent(image, images)}`,
        `loss ${loss.toFixed(4)}`,
        `accuracy ${(100 * accuracy).toFixed(2)} %`,
        ...(validation === undefined ? [] : [`validation ${(100 * validation).toFixed(2)} %`]),
        `${imagesPerSecond.toFixed(0)} images/s`,
        `${duration(secondsLeft)} left`,
      ].join(', ');
    }
    case 'progress': {
      const { done, total, unit } = event;
      return `${grouped(String(done))} of ${grouped(String(total))} ${unit} (${percent(done, total)})`;
    }
    case 'note':
      return event.text;
    case 'warning':
      return `warning: ${event.text}`;
    case 'log':
      return clip(`${event.source}: ${event.text.trim()}`);
  }
}

/** A tool's line, cut down to what fits most terminals. */
function clip(text: string): string {
  return text.length > longestLine ? `${text.slice(0, longestLine - 3)}...` : text;
}

function percent(done: number, total: number): string {
  return `${total > 0 ? Math.floor((100 * done) / total) : 100} %`;
}

/** Whether the event replaces the one before (a moving figure, a tool's line) or is worth keeping. */
export function isPassing(event: StageEvent): boolean {
  return event.type === 'training' || event.type === 'progress' || event.type === 'log';
}
