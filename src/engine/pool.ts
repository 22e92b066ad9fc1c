import { type Batch, partOf } from '../data/source.js';
import type { MapShape } from '../model/network.js';
import { layoutOf } from '../nn/layout.js';
import type { EngineName } from '../spec/types.js';
import { allSettled, startThread, type Thread } from '../util/thread.js';
import type { Engine, EngineSetup } from './engine.js';
import type { Reply, Request, WorkerSetup } from './protocol.js';

interface Shard {
  readonly thread: Thread<Request, Reply>;
  readonly gradients: Float32Array;
  readonly statistics: Float32Array;
}

function sharedFloats(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length);
}

/** Cuts a batch into one contiguous part a thread, sizes differing by one at most. */
function partsOf(batch: Batch, threads: number): Batch[] {
  const cut = (i: number) => Math.floor((i * batch.images.length) / threads);
  return Array.from({ length: threads }, (_, i) => partOf(batch, cut(i), cut(i + 1))).filter(
    ({ images }) => images.length > 0,
  );
}

/** Images of one pass without gradients on one thread: as many as have so many pixels, 250 at most. */
const inferencePixels = 2 ** 20;

function inferenceImages({ height, width }: MapShape): number {
  return Math.min(250, Math.max(1, Math.floor(inferencePixels / (height * width))));
}

/** Sum of `vectors`, each times its share; in the order given, so that it is deterministic. */
function weightedSum(vectors: readonly Float32Array[], shares: readonly number[]): Float32Array {
  const sum = new Float32Array(vectors[0].length);
  vectors.forEach((vector, v) => {
    const weight = shares[v];
    for (let i = 0; i < sum.length; i++) sum[i] += weight * vector[i];
  });
  return sum;
}

/**
 * An engine of worker threads, each with a backend of its own: every batch is cut into one shard a
 * thread. For a given number of threads its results are the same on every run.
 */
export function startPool(backend: EngineName, setup: EngineSetup): Engine {
  const layout = layoutOf(setup.shape);
  const parameters = sharedFloats(layout.size);
  const statistics = sharedFloats(layout.statisticsSize);
  const shards: Shard[] = Array.from({ length: setup.threads }, () => {
    const gradients = sharedFloats(layout.size);
    const batchStatistics = sharedFloats(layout.statisticsSize);
    const { shape, activations, scaling, labelSmoothing = 0 } = setup;
    const workerData: WorkerSetup = {
      backend,
      shape,
      activations,
      scaling,
      labelSmoothing,
      parameters,
      statistics,
      gradients,
      batchStatistics,
    };
    return {
      thread: startThread('engine/worker', 'the engine', workerData),
      gradients: new Float32Array(gradients),
      statistics: new Float32Array(batchStatistics),
    };
  });

  const askAll = async <Type extends Reply['type']>(type: Type, batch: Batch) => {
    const parts = partsOf(batch, shards.length);
    const replies = await allSettled(
      parts.map((part, i) => shards[i].thread.ask({ type, batch: part })),
    );
    const used = shards.slice(0, parts.length);
    const shares = parts.map((part) => part.images.length / batch.images.length);
    const matching = replies.filter((reply) => reply.type === type);
    return { replies: matching as Extract<Reply, { type: Type }>[], used, shares };
  };

  return {
    inferenceBatch: setup.threads * inferenceImages(setup.shape.input),
    async gradients(values, batch) {
      new Float32Array(parameters).set(values);
      const { replies, used, shares } = await askAll('gradients', batch);
      return {
        loss: replies.reduce((sum, { loss }, i) => sum + shares[i] * loss, 0),
        correct: replies.reduce((sum, { correct }) => sum + correct, 0),
        gradients: weightedSum(
          used.map((shard) => shard.gradients),
          shares,
        ),
        statistics: weightedSum(
          used.map((shard) => shard.statistics),
          shares,
        ),
      };
    },
    async statistics(values, batch) {
      new Float32Array(parameters).set(values);
      const { used, shares } = await askAll('statistics', batch);
      return weightedSum(
        used.map((shard) => shard.statistics),
        shares,
      );
    },
    async logits(values, norms, batch) {
      new Float32Array(parameters).set(values);
      new Float32Array(statistics).set(norms);
      const { replies } = await askAll('logits', batch);
      const logits = new Float32Array(batch.images.length * setup.shape.classifier.classes);
      let offset = 0;
      for (const reply of replies) {
        logits.set(reply.logits, offset);
        offset += reply.logits.length;
      }
      return logits;
    },
    async close() {
      await Promise.all(shards.map(({ thread }) => thread.stop()));
    },
  };
}
