import type { ImageSet } from '../../src/data/load.js';
import { birealNetwork } from '../../src/model/network.js';
import { stream } from '../../src/util/random.js';

const size = 8;

/** A network of two blocks for the images of {@link bars}. */
export const barNetwork = birealNetwork(
  { stages: [1, 1], width: 8, stem: { kernel: 3, stride: 1, pool: false } },
  { height: size, width: size, channels: 1 },
  3,
);

/** Learnable images: a bright row, column or diagonal somewhere in noise; the label says which. */
export function bars(count: number, seed: number): ImageSet {
  const random = stream(seed, 'bars');
  const pixels = Uint8Array.from({ length: count * size * size }, () => random.below(100));
  const labels = Uint16Array.from({ length: count }, () => random.below(3));
  labels.forEach((label, image) => {
    const place = random.below(size);
    for (let i = 0; i < size; i++) {
      const [row, column] = [
        [place, i],
        [i, place],
        [i, (i + place) % size],
      ][label];
      pixels[(image * size + row) * size + column] += 120;
    }
  });
  return { shape: barNetwork.input, count, pixels, labels };
}
