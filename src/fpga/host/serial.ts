import { execFileSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import type { Transport } from './link.js';

/**
 * Opens a serial port of a POSIX system (its device file, set up by `stty`): 8 data bits, no parity,
 * 1 stop bit, raw.
 *
 * @throws Error when the device cannot be opened or set up
 */
export function openSerial(path: string, baud: number): Transport {
  const flag = process.platform === 'linux' ? '-F' : '-f';
  const settings = ['raw', '-echo', 'cs8', '-parenb', '-cstopb', 'clocal'];
  execFileSync('stty', [flag, path, String(baud), ...settings], { stdio: 'pipe' });
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
  const input = new ReadStream(openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK));
  const output = new WriteStream(openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK));
  let take: (bytes: Uint8Array) => void = () => {};
  input.on('data', (bytes) => take(bytes));
  return {
    write: (bytes) => {
      output.write(bytes);
    },
    listen: (listener) => {
      take = listener;
    },
    close: () => {
      input.destroy();
      output.destroy();
    },
  };
}
