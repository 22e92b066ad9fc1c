import { describe, expect, test } from 'vitest';
import { scaledImages } from '../../src/data/prepare.js';
import { memorySource } from '../../src/data/source.js';
import { startWasmEngine } from '../../src/engine/wasm.js';
import { birealNetwork } from '../../src/model/network.js';
import { layoutOf, normStatistics } from '../../src/nn/layout.js';
import { engineForm } from '../../src/nn/trained.js';
import { randomReal, randomTrained } from '../model/networks.js';
import { crossEntropy, softmax } from '../nn/reference.js';
import { passAt, pointOf } from '../nn/reference-step.js';
import { expectClose } from '../support/numbers.js';
import { bars, barNetwork as shape } from '../support/shapes.js';

const teacherShape = birealNetwork(
  { stages: [1, 1], width: 12, stem: { kernel: 3, stride: 1, pool: false } },
  shape.input,
  3,
);
const plan = { seed: 4, shape: teacherShape, taus: [9, 9], structures: ['free', 'free'] as const };
const scaling = { zero: [90], scale: [60] };
const moment = { augment: { flip: true, shift: 2, crop: 1 }, seed: 3, epoch: 1 };
const source = memorySource(bars(8, 5));
const [weight, temperature] = [0.7, 2];

describe.each([
  ['a real-valued teacher', randomReal(plan)],
  ['a 1-bit teacher', randomTrained(plan)],
])('%s', (_, teacher) => {
  const parameters = pointOf(shape, 6);
  const batch = source.batch(Uint32Array.of(5, 0, 3, 6), moment);

  /** Logits of the reference, [images][classes], for the teacher by the statistics that it has. */
  function teacherLogits(): number[][] {
    const { parameters, statistics } = engineForm(teacher);
    const layout = layoutOf(teacherShape);
    const given = new Map(
      [...layout.norms.keys()].map((name) => {
        const { channels, meanOffset, varianceOffset } = normStatistics(layout, name);
        const of = (from: number) => statistics.slice(from, from + channels);
        return [name, { mean: of(meanOffset), variance: of(varianceOffset) }];
      }),
    );
    const images = scaledImages(batch, teacher.input);
    return passAt(teacherShape, images, teacher.activations)(parameters, given).logits;
  }

  test('is asked about the augmented images, scaled as it is used to, and shares the loss', async () => {
    const engine = startWasmEngine({
      shape,
      activations: 'binary',
      scaling,
      threads: 1,
      distillation: { teacher, weight, temperature },
    });
    const first = await engine.gradients(parameters, batch);
    const again = await engine.gradients(parameters, batch);
    await engine.close();
    const { logits } = passAt(shape, scaledImages(batch, scaling), 'binary')(parameters);
    const cooled = (row: readonly number[]) => softmax(row.map((z) => z / temperature));
    const taught = teacherLogits().map((row, i) => {
      const own = cooled(logits[i]);
      return -cooled(row).reduce((sum, p, k) => sum + p * Math.log(own[k]), 0);
    });
    const soft = taught.reduce((sum, loss) => sum + loss, 0) / taught.length;
    const hard = crossEntropy(logits, batch.labels);
    const expected = (1 - weight) * hard + weight * temperature ** 2 * soft;
    expect(Math.abs(first.loss - expected)).toBeLessThan(1e-4 * expected);
    expect(again).toEqual(first);
  });

  test('is the same for any number of threads, but for the batch norms of the student', async () => {
    // Parts of one image each: every thread's batch norm sees the same single image in both.
    const one = source.batch(Uint32Array.of(2, 2), moment);
    const setup = { shape, activations: 'binary', scaling } as const;
    const distillation = { teacher, weight, temperature };
    const [single, double] = [1, 2].map((threads) =>
      startWasmEngine({ ...setup, threads, distillation }),
    );
    const [a, b] = [
      await single.gradients(parameters, one),
      await double.gradients(parameters, one),
    ];
    await Promise.all([single.close(), double.close()]);
    expectClose([a.loss], [b.loss], 1e-5);
    expectClose(a.gradients, b.gradients, 1e-4);
  });
});
