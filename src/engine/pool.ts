import { Worker } from 'node:worker_threads';
import { layoutOf } from '../nn/layout.js';
import type { EngineName } from '../spec/types.js';
import { workerEntry } from '../util/paths.js';
import type { Engine, EngineSetup } from './engine.js';
import type { Reply, Request, SharedImages, WorkerSetup } from './protocol.js';

/** A worker thread that answers one request at a time. */
interface Thread {
  /** Rejects when the thread fails or has ended, now or at any time before. */
  ask(request: Request): Promise<Reply>;
  stop(): Promise<void>;
}

interface Shard {
  readonly thread: Thread;
  readonly gradients: Float32Array;
  readonly statistics: Float32Array;
}

function share(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

function sharedFloats(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length);
}

function startThread(workerData: WorkerSetup): Thread {
  const worker = new Worker(workerEntry('engine/worker'), { workerData });
  let failure: Error | null = null;
  let waiting: { resolve(reply: Reply): void; reject(error: Error): void } | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    waiting?.reject(failure);
    waiting = null;
  };
  worker.on('message', (reply: Reply) => {
    waiting?.resolve(reply);
    waiting = null;
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the engine was closed, or a thread of it ended')));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        waiting = { resolve, reject };
        worker.postMessage(request);
      }),
    async stop() {
      await worker.terminate();
    },
  };
}

/** What all promises give, once every one is settled; the first failure among them is thrown. */
async function allSettled<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** Cuts `images` into one contiguous shard a thread, sizes differing by one at most. */
function shardsOf(images: Uint32Array, threads: number): Uint32Array[] {
  const cut = (i: number) => Math.floor((i * images.length) / threads);
  return Array.from({ length: threads }, (_, i) => images.slice(cut(i), cut(i + 1))).filter(
    (shard) => shard.length > 0,
  );
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
  const images: SharedImages = {
    shape: setup.images.shape,
    pixels: share(setup.images.pixels),
    labels: share(setup.images.labels),
  };
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
      images,
      parameters,
      statistics,
      gradients,
      batchStatistics,
    };
    return {
      thread: startThread(workerData),
      gradients: new Float32Array(gradients),
      statistics: new Float32Array(batchStatistics),
    };
  });

  const askAll = async <Type extends Reply['type']>(
    type: Type,
    batch: Uint32Array,
    request: (images: Uint32Array) => Request,
  ) => {
    const parts = shardsOf(batch, shards.length);
    const replies = await allSettled(parts.map((part, i) => shards[i].thread.ask(request(part))));
    const used = shards.slice(0, parts.length);
    const shares = parts.map((part) => part.length / batch.length);
    const matching = replies.filter((reply) => reply.type === type);
    return { replies: matching as Extract<Reply, { type: Type }>[], used, shares };
  };

  return {
    threads: setup.threads,
    async gradients(values, batch, moment) {
      new Float32Array(parameters).set(values);
      const { replies, used, shares } = await askAll('gradients', batch, (images) => ({
        type: 'gradients',
        images,
        moment,
      }));
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
      const { used, shares } = await askAll('statistics', batch, (images) => ({
        type: 'statistics',
        images,
      }));
      return weightedSum(
        used.map((shard) => shard.statistics),
        shares,
      );
    },
    async logits(values, norms, batch) {
      new Float32Array(parameters).set(values);
      new Float32Array(statistics).set(norms);
      const { replies } = await askAll('logits', batch, (images) => ({ type: 'logits', images }));
      const logits = new Float32Array(batch.length * setup.shape.classifier.classes);
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
