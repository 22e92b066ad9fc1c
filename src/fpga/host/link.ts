import { encodeFrame, type Frame, frameDecoder } from './frame.js';

/** A line to the accelerator that carries bytes both ways. */
export interface Transport {
  readonly write: (bytes: Uint8Array) => void;
  /** Names who takes the bytes that come in. */
  readonly listen: (take: (bytes: Uint8Array) => void) => void;
  readonly close: () => void;
}

/** The line or the far end failed: no answer, or a refusal. */
export class LinkError extends Error {}

/** Sends a request and resolves to the payload of its answer. */
export type Request = (code: number, halves?: ArrayLike<number>) => Promise<Uint16Array>;

const failedCode = 0xff;
const reasons: Readonly<Record<number, string>> = {
  1: 'it received a wrong CRC',
  2: 'it does not know the request',
  3: 'it refuses the payload',
};

/**
 * Requests over a transport, one at a time. A request that is lost or damaged on its way, or whose
 * answer is, is sent again: every request may be repeated without harm.
 *
 * @param patience milliseconds to wait for an answer
 * @param attempts how often a request is sent before giving up
 */
export function openLink(transport: Transport, patience = 1000, attempts = 4): Request {
  let decode = frameDecoder();
  let deliver: (frame: Frame | null) => void = () => {};
  transport.listen((bytes) => {
    for (const frame of decode(bytes)) deliver(frame);
  });
  let sequence = 0;

  const attempt = (request: Frame) =>
    new Promise<Uint16Array | string>((resolve, reject) => {
      const end = (how: () => void) => {
        clearTimeout(timer);
        deliver = () => {};
        how();
      };
      const timer = setTimeout(() => {
        // What is left of an answer that broke off would swallow the next one.
        decode = frameDecoder();
        end(() => resolve('no answer'));
      }, patience);
      deliver = (frame) => {
        if (frame === null) return end(() => resolve('the answer was damaged'));
        if (frame.code === failedCode) {
          const reason = reasons[frame.halves[0]] ?? `reason ${frame.halves[0]}`;
          if (frame.halves[0] === 1) return end(() => resolve(reason));
          if (frame.sequence !== request.sequence) return;
          return end(() => reject(new LinkError(`the accelerator refused a request: ${reason}`)));
        }
        // An answer to an earlier attempt of another request.
        if (frame.sequence !== request.sequence || frame.code !== (request.code | 0x80)) return;
        end(() => resolve(frame.halves));
      };
      transport.write(encodeFrame(request));
    });

  return async (code, halves = []) => {
    sequence = (sequence + 1) & 0xff;
    const request = { sequence, code, halves: Uint16Array.from(halves) };
    let last = '';
    for (let i = 0; i < attempts; i++) {
      const answer = await attempt(request);
      if (typeof answer !== 'string') return answer;
      last = answer;
    }
    throw new LinkError(`the accelerator does not answer (${attempts} attempts): ${last}`);
  };
}
