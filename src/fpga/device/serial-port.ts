import { autoDetect } from '@serialport/bindings-cpp';
import { Failure } from '../../util/failure.js';
import type { Transport } from '../host/link.js';

/**
 * Opens a serial port, 8 data bits, no parity, 1 stop bit, for this program alone.
 *
 * @param lost called when the port goes away while it is open, with the reason
 * @throws Failure of kind `input` where there is no such port; of kind `tool` where it cannot be used
 */
export async function openSerialPort(
  path: string,
  baud: number,
  lost: (reason: Error) => void,
): Promise<Transport> {
  const binding = autoDetect();
  const port = await binding.open({ path, baudRate: baud }).catch(async (error: Error) => {
    const ports = (await binding.list()).map((found) => found.path);
    throw portFailure(path, error, ports);
  });
  // What an earlier program did not wait for is no answer to this one.
  await port.flush();
  let take: (bytes: Uint8Array) => void = () => {};
  const read = async () => {
    const buffer = Buffer.alloc(4096);
    while (port.isOpen) {
      const { bytesRead } = await port.read(buffer, 0, buffer.length);
      take(Uint8Array.from(buffer.subarray(0, bytesRead)));
    }
  };
  const gone = (error: Error) => {
    if (!('canceled' in error && error.canceled === true)) {
      lost(new Failure('tool', `${path} went away: ${error.message}`, ['connect it again']));
    }
  };
  read().catch(gone);
  let written: Promise<void> = Promise.resolve();
  return {
    write: (bytes) => {
      written = written.then(() => port.write(Buffer.from(bytes))).catch(gone);
    },
    listen: (listener) => {
      take = listener;
    },
    close: () => {
      if (port.isOpen) port.close().catch(gone);
    },
  };
}

function portFailure(path: string, cause: Error, ports: readonly string[]): Failure {
  const { message } = cause;
  const options = { cause };
  const there = ports.length > 0 ? `ports that are there: ${ports.join(', ')}` : 'no port is there';
  if (/no such file|not found/i.test(message)) {
    const next = [there, 'connect the board, or name another port: --port'];
    return new Failure('input', `there is no serial port ${path}`, next, options);
  }
  if (/permission|access denied/i.test(message)) {
    const next = ['join the group that may: sudo usermod -aG dialout $USER, then log in again'];
    return new Failure('tool', `you may not open ${path}`, next, options);
  }
  if (/lock/i.test(message)) {
    const next = ['end the other program, such as a terminal'];
    return new Failure('tool', `another program has ${path} open`, next, options);
  }
  const why = message.replace(/^Error:? /, '');
  return new Failure('tool', `${path} cannot be used as a serial port: ${why}`, [there], options);
}
