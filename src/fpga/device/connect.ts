import type { Store } from '../../pipeline/store.js';
import { Failure } from '../../util/failure.js';
import { type Accelerator, accelerator, type Description } from '../host/accelerator.js';
import { whyNotFor } from '../host/identity.js';
import { LinkError, openLink, type Transport } from '../host/link.js';
import { startBoard } from '../simulated-board.js';
import { programCommand } from '../tools/loader.js';
import type { Deployment } from './deployment.js';
import { openSerialPort } from './serial-port.js';
import { boardSimulator } from './simulated-port.js';

/** Where the accelerator is: on a board's serial port, or simulated here. */
export type Place =
  | { readonly kind: 'port'; readonly path: string }
  | { readonly kind: 'simulated'; readonly store: Store };

/** An accelerator that answers and that can run the deployment's network. */
export interface Device {
  readonly place: Place['kind'];
  readonly accelerator: Accelerator;
  readonly description: Description;
  /** Bytes that crossed the link so far, both ways. */
  readonly bytes: () => number;
}

/** Milliseconds to wait for an answer. The simulated board is a thousand times slower than a real one. */
const patience = { port: 1000, simulated: 15_000 } as const;

/**
 * Connects to the accelerator at `place`, checks that it is the one that the deployment was made for,
 * and works with it; the line is closed in any case.
 *
 * @throws Failure of kind `tool` where nobody answers, another accelerator does, or the line fails
 */
export async function withDevice<Value>(
  place: Place,
  deployment: Deployment,
  { note, signal }: { note: (text: string) => void; signal: AbortSignal },
  work: (device: Device) => Promise<Value>,
): Promise<Value> {
  const { design: document } = deployment.bundle;
  const board =
    place.kind === 'simulated'
      ? await startBoard(await boardSimulator(document.design, place.store, note, signal))
      : { port: place.path, stop: async () => {} };
  if (place.kind === 'simulated') note(`simulated board at ${board.port}`);
  let lose: (reason: Error) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    lose = reject;
  });
  // Nobody waits for it yet while the line is opened.
  broken.catch(() => {});
  const interrupt = () => lose(signal.reason);
  signal.addEventListener('abort', interrupt, { once: true });
  let line: Transport | null = null;
  try {
    line = await openSerialPort(board.port, document.baud, (reason) => lose(reason));
    return await Promise.race([broken, converse(line, place, deployment, work)]);
  } finally {
    signal.removeEventListener('abort', interrupt);
    line?.close();
    await board.stop();
  }
}

/** The same over a line that is open. */
export async function converse<Value>(
  line: Transport,
  place: Pick<Place, 'kind'>,
  { bundle, folder }: Deployment,
  work: (device: Device) => Promise<Value>,
): Promise<Value> {
  const { line: metered, bytes } = meter(line);
  const device = accelerator(openLink(metered, patience[place.kind]));
  const { design, target, baud } = bundle.design;
  const program = `program the board: ${programCommand(target, `${folder}/bitstream.bin`)}`;
  let description: Description | null = null;
  try {
    description = await device.describe();
    const problem = whyNotFor(design, description);
    if (problem !== null) throw new Failure('tool', problem, [program]);
    return await work({ place: place.kind, accelerator: device, description, bytes });
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    const next =
      description === null
        ? [
            program,
            'check that this is the UART: a board with two ports has it on the second',
            `check that the adapter can do ${baud} bit/s`,
          ]
        : ['check cable and power, then run the command again'];
    throw new Failure('tool', error.message, next, { cause: error });
  }
}

function meter(line: Transport): { line: Transport; bytes: () => number } {
  let count = 0;
  return {
    bytes: () => count,
    line: {
      close: line.close,
      write: (bytes) => {
        count += bytes.length;
        line.write(bytes);
      },
      listen: (take) =>
        line.listen((bytes) => {
          count += bytes.length;
          take(bytes);
        }),
    },
  };
}
