import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../util/files.js';

/** Names one process for good: a process id alone is given to another process sooner or later. */
export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** When it started, in a form that only the same host can compare; empty where unknown. */
  readonly started: string;
}

/**
 * Boot and clock tick at which a living process of this host started, read from Linux's /proc; null
 * when there is no such process (a zombie is none), empty where the system has no /proc.
 */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return null;
  }
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields follow the command's name, which stands in parentheses and may itself hold any of both.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : `${boot}.${fields[19]}`;
  } catch {
    return '';
  }
}

/** This very process. */
export const thisProcess: ProcessMark = {
  pid: process.pid,
  host: hostname().replaceAll(/[^\w.-]/g, '-'),
  started: startOf(process.pid) ?? '',
};

/** Whether the process still runs. One of another host cannot be asked and counts as running. */
export function isAlive({ pid, host, started }: ProcessMark): boolean {
  if (host !== thisProcess.host) return true;
  const found = startOf(pid);
  return found !== null && (found === started || found === '' || started === '');
}

/** The mark as one word that fits a file's name. */
export function formatMark({ pid, host, started }: ProcessMark): string {
  return `${pid}~${started}~${host}`;
}

/** Reads what {@link formatMark} wrote; null for anything else. */
export function parseMark(text: string): ProcessMark | null {
  const match = /^(\d+)~([\w.]*)~([\w.-]*)$/.exec(text);
  if (match === null) return null;
  const [, pid = '', started = '', host = ''] = match;
  return { pid: Number(pid), started, host };
}
