import { birealNetwork } from '../model/network.js';

/** The six-block network of the quickstart: width 16 on 28x28 images. */
export const shape = birealNetwork(
  { stages: [2, 2, 2], width: 16, stem: { kernel: 3, stride: 2, pool: false } },
  { height: 28, width: 28, channels: 1 },
  10,
);
