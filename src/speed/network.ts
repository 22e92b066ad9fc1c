import { encodeModel } from '../model/container/write.js';
import { createRuntime, startClassifier } from '../runtime/index.js';
import { mapValues } from '../util/record.js';
import { interleaved, type Rounds } from '../util/timing.js';
import { randomImages } from './images.js';
import type { Pair } from './layers.js';
import { baselines, measurement, type NetworkSpeed, speedup } from './report.js';

export interface NetworkPlan extends Rounds {
  /** Numbers of threads to run on, each 1 or more. */
  readonly threads: readonly number[];
  /** Images of a batch for each thread. */
  readonly batch: number;
  readonly seed: number;
}

/** What is timed: a call for the network, one for its twin. */
interface Contest extends Pick<NetworkSpeed, 'measure' | 'threads' | 'batch'> {
  readonly calls: Readonly<Record<keyof Pair, () => unknown>>;
  readonly close: () => Promise<unknown>;
}

function onThisThread(pair: Pair, seed: number): Contest {
  const { pixels } = randomImages(pair.network.shape.input, 1, seed);
  const calls = mapValues({ ...pair }, (model) => {
    const runtime = createRuntime(model);
    return () => runtime.logits(new Uint8Array(pixels), 1);
  });
  return { measure: 'latency', threads: 1, batch: 1, calls, close: async () => {} };
}

function onThreads(
  pair: Pair,
  measure: NetworkSpeed['measure'],
  threads: number,
  batch: number,
  seed: number,
): Contest {
  const images = randomImages(pair.network.shape.input, batch, seed);
  const pools = mapValues({ ...pair }, (model) => startClassifier(encodeModel(model), threads));
  return {
    ...{ measure, threads, batch },
    calls: mapValues(pools, (pool) => () => pool.logits(images)),
    close: () => Promise.all(Object.values(pools).map((pool) => pool.close())),
  };
}

/**
 * Times a whole network and its twin in WebAssembly: the latency of one image, on which all threads work
 * together, and the throughput of a batch, of which every thread takes images of its own. What hands the
 * images to threads counts; where one thread is asked for one image there is none.
 */
export async function networkSpeeds(pair: Pair, plan: NetworkPlan): Promise<NetworkSpeed[]> {
  const { threads, batch, seed, repeats, signal } = plan;
  const contests = [
    ...threads.map((count) =>
      count === 1 ? onThisThread(pair, seed) : onThreads(pair, 'latency', count, 1, seed),
    ),
    ...threads.map((count) => onThreads(pair, 'throughput', count, count * batch, seed)),
  ];
  try {
    const calls = contests.flatMap(({ calls: { network, twin } }, i) => [
      [`network ${i}`, network],
      [`twin ${i}`, twin],
    ]);
    const times = await interleaved<string>(Object.fromEntries(calls), { repeats, signal });
    return contests.map(({ measure, threads, batch }, i) => {
      const [network, twin] = [times[`network ${i}`], times[`twin ${i}`]];
      const unit = measure === 'latency' ? 'ms' : 'images/s';
      return {
        ...{ build: 'wasm' as const, measure, threads, batch },
        network: measurement(network, unit, batch),
        twin: measurement(twin, unit, batch),
        speedup: speedup(twin, network, baselines.twin),
      };
    });
  } finally {
    await Promise.all(contests.map(({ close }) => close()));
  }
}
