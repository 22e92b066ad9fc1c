import type { NetworkShape } from '../model/network.js';
import { mostHalves } from './host/frame.js';

const frameBytes = (halves: number) => 6 + 2 * halves;

/**
 * Bytes that cross the link for one image, both ways: the image in, a run request, the logits out. The
 * network is loaded once, not with every image.
 */
export function linkBytes({ input, classifier }: NetworkShape): number {
  const image = Math.ceil((input.height * input.width * input.channels) / 2);
  let bytes = frameBytes(1) + frameBytes(2);
  const perWrite = mostHalves - 2;
  for (let at = 0; at < image; at += perWrite) {
    bytes += frameBytes(2 + Math.min(perWrite, image - at)) + frameBytes(0);
  }
  const logits = 2 * classifier.classes;
  for (let at = 0; at < logits; at += mostHalves) {
    bytes += frameBytes(2) + frameBytes(Math.min(mostHalves, logits - at));
  }
  return bytes;
}

/** Seconds that these bytes take on the wire: ten bits a byte (start, eight data, stop). */
export function linkSeconds(bytes: number, baud: number): number {
  return (bytes * 10) / baud;
}
