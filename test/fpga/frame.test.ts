import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16, encodeFrame, type Frame, frameDecoder } from '../../src/fpga/host/frame.js';
import { openLink, type Transport } from '../../src/fpga/host/link.js';

const frames = fc.record({
  sequence: fc.nat(255),
  code: fc.nat(255),
  halves: fc.uint16Array({ maxLength: 255 }),
});

describe('frames', () => {
  it('carry the CRC-16/CCITT-FALSE that its catalogue entry checks with 0x29B1', () => {
    expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1);
  });

  it('come out as they went in, however the line cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        (sent, cut) => {
          const bytes = sent.flatMap((frame) => [...encodeFrame(frame)]);
          const decode = frameDecoder();
          const received: (Frame | null)[] = [];
          for (let at = 0; at < bytes.length; at += cut) {
            received.push(...decode(Uint8Array.from(bytes.slice(at, at + cut))));
          }
          expect(received).toEqual(sent);
        },
      ),
    );
  });

  it('with one byte changed are never taken for another frame', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, place, flip) => {
        const bytes = encodeFrame(frame);
        bytes[place % bytes.length] ^= flip;
        const received = frameDecoder()(bytes);
        expect(received.filter((other) => other !== null)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** A line whose far end answers by `answer`; each request's frames are handed over in turn. */
function line(answer: (request: Frame, attempt: number) => Uint8Array[]): Transport {
  const decode = frameDecoder();
  let take: (bytes: Uint8Array) => void = () => {};
  let attempt = 0;
  return {
    write: (bytes) => {
      for (const request of decode(bytes)) {
        if (request === null) continue;
        for (const part of answer(request, attempt++)) queueMicrotask(() => take(part));
      }
    },
    listen: (listener) => {
      take = listener;
    },
    close: () => {},
  };
}

const good = ({ sequence, code }: Frame, ...halves: number[]) =>
  encodeFrame({ sequence, code: code | 0x80, halves: Uint16Array.from(halves) });

describe('a link', () => {
  it('repeats a request whose answer is lost, damaged or reports a wrong CRC', async () => {
    const damaged = (request: Frame) => good(request, 7).map((byte, i) => (i === 5 ? ~byte : byte));
    const refused = encodeFrame({ sequence: 99, code: 0xff, halves: Uint16Array.of(1) });
    const answers = [
      () => [],
      (r: Frame) => [damaged(r)],
      () => [refused],
      (r: Frame) => [good(r, 7)],
    ];
    const request = openLink(
      line((frame, attempt) => answers[attempt](frame)),
      20,
    );
    expect([...(await request(4, [0, 1]))]).toEqual([7]);
  });

  it('passes over the late answer to an earlier request', async () => {
    const request = openLink(
      line((frame) => [good({ ...frame, sequence: frame.sequence - 1 }, 1), good(frame, 2)]),
      100,
    );
    expect([...(await request(3))]).toEqual([2]);
  });

  it('gives up in words when nothing answers, and at once when it is refused', async () => {
    await expect(
      openLink(
        line(() => []),
        5,
      )(1),
    ).rejects.toThrow(/does not answer.*no answer/);
    const refusal = (frame: Frame) => [
      encodeFrame({ sequence: frame.sequence, code: 0xff, halves: Uint16Array.of(3) }),
    ];
    await expect(openLink(line(refusal), 5)(1)).rejects.toThrow(/refuses the payload/);
  });
});
