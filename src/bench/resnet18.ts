import { birealNetwork } from '../model/network.js';

/** ResNet-18 at 224x224, with its sixteen binary 3x3 layers. */
export const resnet18 = birealNetwork(
  { stages: [4, 4, 4, 4], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
  { height: 224, width: 224, channels: 3 },
  1000,
);

const { blocks } = resnet18;
const shapes = new Set(blocks.map(({ conv }) => JSON.stringify(conv)));

/** The layers by shape, and how many have it. */
export const resnet18Layers = [...shapes].map((shape) => {
  const alike = blocks.filter(({ conv }) => JSON.stringify(conv) === shape);
  return { conv: alike[0].conv, count: alike.length };
});

/** Binary multiplications and additions of all sixteen layers. */
export const resnet18Macs = blocks.reduce(
  (sum, { conv: { input, output } }) =>
    sum + 9 * input.channels * output.channels * output.height * output.width,
  0,
);
