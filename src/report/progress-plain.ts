import type { RunEvent } from '../pipeline/events.js';
import { duration, finishedText, isPassing, stageEventText } from './progress-text.js';

const millisecondsBetween = 5000;

/**
 * A listener that writes one line an event, for pipes and logs. Of passing events (training, progress,
 * tools' lines) it lets through one in five seconds.
 */
export function plainLines(
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): (event: RunEvent) => void {
  let next = 0;
  return (event) => {
    if (event.type === 'stage-event' && isPassing(event.event)) {
      if (now() < next) return;
      next = now() + millisecondsBetween;
    }
    write(plainLine(event));
  };
}

function plainLine(event: RunEvent): string {
  switch (event.type) {
    case 'run-started':
      return `run ${event.run}`;
    case 'stage-started':
      return `${event.stage}: started (${event.because.join(', ')})`;
    case 'stage-event':
      return `${event.stage}: ${stageEventText(event.event)}`;
    case 'stage-skipped':
      return `${event.stage}: skipped (${event.reason})`;
    case 'stage-finished':
      return `${event.stage}: ${event.cached ? '' : 'finished in '}${finishedText(event)}`;
    case 'stage-failed':
      return `${event.stage}: ${event.status}`;
    case 'run-finished':
      return `run ${event.status} after ${duration(event.seconds)}`;
  }
}
