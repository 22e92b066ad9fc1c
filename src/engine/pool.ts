import { type Batch, partOf } from '../data/source.js';
import type { MapShape, NetworkShape } from '../model/network.js';
import { layoutOf } from '../nn/layout.js';
import { engineForm } from '../nn/trained.js';
import type { EngineName } from '../spec/types.js';
import { allSettled, startThread, type Thread } from '../util/thread.js';
import type { Distillation, Engine, EngineSetup } from './engine.js';
import type { Reply, Request, TeacherSetup, WorkerSetup } from './protocol.js';

interface Shard {
  readonly thread: Thread<Request, Reply>;
  readonly gradients: Float32Array;
  readonly statistics: Float32Array;
}

function sharedFloats(length: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length);
}

function shareFloats(values: Float32Array): SharedArrayBuffer {
  const shared = sharedFloats(values.length);
  new Float32Array(shared).set(values);
  return shared;
}

function teacherSetup({ teacher, weight, temperature }: Distillation): TeacherSetup {
  const { shape, activations, input: scaling } = teacher;
  const { parameters, statistics } = engineForm(teacher);
  return {
    shape,
    activations,
    scaling,
    parameters: shareFloats(parameters),
    statistics: shareFloats(statistics),
    weight,
    temperature,
  };
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

/** Adds `vectors`, each times its share, in the order given, so that the sum is deterministic. */
function addWeighted(
  sum: Float32Array,
  vectors: readonly Float32Array[],
  shares: readonly number[],
): void {
  vectors.forEach((vector, v) => {
    const weight = shares[v];
    for (let i = 0; i < sum.length; i++) sum[i] += weight * vector[i];
  });
}

/** Values of feature maps that one thread's pass holds at a time: wasm addresses 4 GB at most. */
const mapValues = 48 * 2 ** 20;

/** Images whose maps fit into one pass of a thread. */
function trainingImages({ stem, blocks }: NetworkShape): number {
  const maps = [stem.conv.output, ...blocks.map(({ conv }) => conv.output)];
  const values = maps.reduce((sum, map) => sum + map.height * map.width * map.channels, 0);
  return Math.max(1, Math.floor(mapValues / values));
}

/**
 * An engine of worker threads, each with a backend of its own: every batch is cut into one shard a
 * thread, in several rounds where its maps would not fit into a thread's memory. For a given number of
 * threads its results are the same on every run.
 */
export function startPool(backend: EngineName, setup: EngineSetup): Engine {
  const layout = layoutOf(setup.shape);
  const parameters = sharedFloats(layout.size);
  const statistics = sharedFloats(layout.statisticsSize);
  const teacher = setup.distillation ? teacherSetup(setup.distillation) : null;
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
      teacher,
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

  const networks = [setup.shape, ...(teacher ? [teacher.shape] : [])];
  /** Images of one round. */
  const most =
    backend === 'wasm'
      ? setup.threads * Math.min(...networks.map(trainingImages))
      : Number.POSITIVE_INFINITY;
  const roundsOf = (batch: Batch) =>
    partsOf(batch, Math.max(1, Math.ceil(batch.images.length / most)));

  /** One part of a round a thread; `shares` are the parts' in the whole of `total` images. */
  const askAll = async <Type extends Reply['type']>(type: Type, batch: Batch, total: number) => {
    const parts = partsOf(batch, shards.length);
    const replies = await allSettled(
      parts.map((part, i) => shards[i].thread.ask({ type, batch: part })),
    );
    const used = shards.slice(0, parts.length);
    const shares = parts.map((part) => part.images.length / total);
    const matching = replies.filter((reply) => reply.type === type);
    return { replies: matching as Extract<Reply, { type: Type }>[], used, shares };
  };

  return {
    inferenceBatch: setup.threads * inferenceImages(setup.shape.input),
    async gradients(values, batch) {
      new Float32Array(parameters).set(values);
      const gradients = new Float32Array(layout.size);
      const statistics = new Float32Array(layout.statisticsSize);
      let loss = 0;
      let correct = 0;
      for (const round of roundsOf(batch)) {
        const { replies, used, shares } = await askAll('gradients', round, batch.images.length);
        replies.forEach((reply, i) => {
          loss += shares[i] * reply.loss;
          correct += reply.correct;
        });
        addWeighted(
          gradients,
          used.map((shard) => shard.gradients),
          shares,
        );
        addWeighted(
          statistics,
          used.map((shard) => shard.statistics),
          shares,
        );
      }
      return { loss, correct, gradients, statistics };
    },
    async statistics(values, batch) {
      new Float32Array(parameters).set(values);
      const statistics = new Float32Array(layout.statisticsSize);
      for (const round of roundsOf(batch)) {
        const { used, shares } = await askAll('statistics', round, batch.images.length);
        addWeighted(
          statistics,
          used.map((shard) => shard.statistics),
          shares,
        );
      }
      return statistics;
    },
    async logits(values, norms, batch) {
      new Float32Array(parameters).set(values);
      new Float32Array(statistics).set(norms);
      const { replies } = await askAll('logits', batch, batch.images.length);
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
