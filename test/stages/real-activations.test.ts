import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSplit } from '../../src/data/load.js';
import { allOf, imagesOf } from '../../src/data/source.js';
import { decodeModel } from '../../src/model/container/read.js';
import { floatTrace } from '../../src/model/float-reference.js';
import { decodeTrained } from '../../src/model/trained-file.js';
import type { Stage } from '../../src/pipeline/stage.js';
import type { QuantizeSpec, Spec } from '../../src/spec/types.js';
import { deploy } from '../../src/stages/deploy.js';
import { evaluate } from '../../src/stages/evaluate.js';
import { pack } from '../../src/stages/pack.js';
import { refine } from '../../src/stages/refine.js';
import { sample } from '../../src/stages/sample.js';
import { synthesize } from '../../src/stages/synthesize.js';
import { spec as base } from '../pipeline/support.js';
import { plainTraining } from '../support/training.js';
import { newFolders, runStage } from './support.js';

const weightsOnly: QuantizeSpec = { ...base.quantize, tau: 4, binarize: 'weights' };

function specOf(quantize: QuantizeSpec): Spec {
  return {
    ...base,
    name: 'real',
    data: { ...base.data, limit: { train: 512, test: 40 } },
    architecture: { ...base.architecture, stages: [1, 1], width: 4 },
    quantize,
    train: { ...plainTraining, epochs: 2, batch: 32, learningRate: 0.02, threads: 2 },
    device: { ...base.device, target: 'ice40-up5k' },
  };
}

const file = (folder: string, name: string) => readFileSync(join(folder, name));

/** Runs a stage of a spec in a folder of its own. */
async function made(spec: Spec, stage: Stage, inputs: Parameters<typeof runStage>[3] = {}) {
  const folders = newFolders();
  const { metrics } = await runStage(stage, spec, folders, inputs);
  return { ...folders, metrics, input: { path: folders.out, digest: 'any', metrics } };
}

describe.each<QuantizeSpec>([{ binarize: 'none' }, weightsOnly])(
  'binarize: $binarize',
  (quantize) => {
    const spec = specOf(quantize);

    const sampled = async () =>
      sample.skip?.(spec) ? {} : { sample: (await made(spec, sample)).input };

    test('trains, and is tested in the training engine where it is not packed', async () => {
      const trained = await made(spec, refine, await sampled());
      const history: { loss: number }[] = JSON.parse(file(trained.out, 'history.json').toString());
      expect(history[1].loss).toBeLessThan(history[0].loss - 0.1);
      const isReal = quantize.binarize === 'none';
      const network = decodeTrained(file(trained.out, 'trained.safetensors'));
      expect(network.activations).toBe('real');
      expect(network.blocks.map(({ conv }) => conv.kind === 'real')).toEqual([isReal, isReal]);
      expect(existsSync(join(trained.out, 'subsets.json'))).toBe(!isReal);

      const evaluated = await made(spec, evaluate, { refine: trained.input });
      const result = JSON.parse(file(evaluated.out, 'result.json').toString());
      const source = await openSplit(spec.data, 'test');
      const { pixels, labels, count } = await imagesOf(source, allOf(source));
      const size = pixels.length / count;
      const expected = Array.from(labels, (_, i) => {
        const logits = floatTrace(network, pixels.subarray(i * size, (i + 1) * size)).at(-1);
        const values = [...(logits?.values ?? [])];
        return values.indexOf(Math.max(...values));
      });
      expect(result.predictions).toEqual(expected);
      const right = expected.filter((prediction, i) => prediction === labels[i]).length;
      expect(result.accuracy).toEqual({ float: (100 * right) / count });
      expect(evaluated.metrics['test accuracy']).toMatchObject({ value: (100 * right) / count });
      expect(evaluated.metrics).not.toHaveProperty('CPU time');
      expect(result.confusion.flat().reduce((sum: number, n: number) => sum + n)).toBe(count);
    });

    test('stopped and run again gives the same bytes', async () => {
      const inputs = await sampled();
      const whole = await made(spec, refine, inputs);
      const folders = newFolders();
      const interrupt = new AbortController();
      const running = runStage(refine, spec, folders, inputs, interrupt.signal, (event) => {
        if (event.type === 'training' && event.epoch === 2) interrupt.abort(new Error('stop'));
      });
      await expect(running).rejects.toThrow('stop');
      await runStage(refine, spec, folders, inputs);
      const name = 'trained.safetensors';
      expect(Buffer.compare(file(folders.out, name), file(whole.out, name))).toBe(0);
    });

    test('has nothing to synthesise or to deploy, and says why', () => {
      for (const stage of [synthesize, deploy]) {
        expect(stage.skip?.(spec)).toBe(
          `quantize.binarize is ${quantize.binarize}: the accelerator takes binary weights and activations only`,
        );
      }
    });
  },
);

test('real weights are not packed', () => {
  expect(pack.skip?.(specOf({ binarize: 'none' }))).toBe(
    'quantize.binarize is none: weights stay real',
  );
});

test('binary weights alone are packed, close to the trained network', async () => {
  const spec = specOf(weightsOnly);
  expect(pack.skip?.(spec) ?? null).toBeNull();
  const sampled = await made(spec, sample);
  const trained = await made(spec, refine, { sample: sampled.input });
  const packed = await made(spec, pack, { refine: trained.input });
  const model = decodeModel(file(packed.out, 'model.snn'));
  expect(model.blocks.map(({ input }) => input.activations)).toEqual(['real', 'real']);
  expect(packed.metrics['logit error'].value).toBeLessThan(3);
});
