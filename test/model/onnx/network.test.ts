import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { installOnnxRuntime, startFloatNetwork } from '../../../src/bench/onnxruntime.js';
import { findPackage } from '../../../src/engine/packages.js';
import { floatTrace } from '../../../src/model/float-reference.js';
import { encodeOnnx } from '../../../src/model/onnx/graph.js';
import { realNetworkGraph } from '../../../src/model/onnx/network.js';
import { isRealNetwork, type TrainedRealNetwork } from '../../../src/model/trained.js';
import { expectClose } from '../../support/numbers.js';
import { type ModelPlan, modelPlans, randomImages, randomReal } from '../networks.js';

/** Rounding of float32 over a whole network, as a share of the largest logit. */
const tolerance = 1e-4;

const able = findPackage('onnxruntime-node') !== null;
const required = process.env.SNN_REQUIRE_ONNXRUNTIME === '1';
const where = able ? '' : ` (skipped without ONNX Runtime: ${installOnnxRuntime})`;

function realNetwork(plan: ModelPlan): TrainedRealNetwork {
  const network = randomReal(plan);
  if (!isRealNetwork(network)) throw new Error('the network is not real-valued');
  return network;
}

/** Images as ONNX has them, [images, channels, height, width]. */
function planes(images: Uint8Array, pixels: number, channels: number): Float32Array {
  return Float32Array.from(images, (_, i) => {
    const position = i % pixels;
    const plane = Math.floor(i / pixels);
    const [image, channel] = [Math.floor(plane / channels), plane % channels];
    return images[(image * pixels + position) * channels + channel];
  });
}

describe('a real-valued network as an ONNX graph', () => {
  it.runIf(able || required)(
    `has the logits of the reference in ONNX Runtime${where}`,
    async () => {
      await fc.assert(
        fc.asyncProperty(modelPlans, async (plan) => {
          const network = realNetwork(plan);
          const { height, width, channels } = plan.shape.input;
          const { classes } = plan.shape.classifier;
          const count = 2;
          const images = randomImages(plan.shape, count, plan.seed);
          const size = images.length / count;
          const expected = Array.from({ length: count }, (_, i) =>
            floatTrace(network, images.subarray(i * size, (i + 1) * size)).at(-1),
          );

          const model = encodeOnnx(realNetworkGraph(network), 'test');
          const session = await startFloatNetwork(model, [channels, height, width], 1);
          if (session === null) throw new Error('ONNX Runtime is gone');
          const logits = await session.logits(planes(images, height * width, channels), count);
          await session.close();

          expect(logits).toHaveLength(count * classes);
          const all = expected.flatMap((map) => Array.from(map?.values ?? []));
          expectClose(logits, all, tolerance);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('folds every norm, and rectifies plainly where slopes are 0', () => {
    fc.assert(
      fc.property(modelPlans, (plan) => {
        const network = realNetwork(plan);
        const count = (graph: ReturnType<typeof realNetworkGraph>, type: string) =>
          graph.nodes.filter((node) => node.type === type).length;
        const { blocks } = plan.shape;
        const graph = realNetworkGraph(network);
        const shortcuts = blocks.filter(({ shortcut }) => shortcut === 'downsample').length;
        expect(count(graph, 'Conv')).toBe(1 + blocks.length + shortcuts);
        const pooled = blocks.filter((block) => block.shortcut === 'none' && block.pool).length;
        expect(count(graph, 'BatchNormalization')).toBe(pooled);
        expect(count(graph, 'PRelu')).toBe(blocks.length);

        const flat = network.blocks.map((block) => ({ ...block, slope: block.slope.map(() => 0) }));
        const rectified = realNetworkGraph({ ...network, blocks: flat });
        expect([count(rectified, 'Relu'), count(rectified, 'PRelu')]).toEqual([blocks.length, 0]);
      }),
      { numRuns: 20 },
    );
  });
});
