import { availableParallelism } from 'node:os';
import { dataSets } from '../data/sets.js';
import { layOut } from '../model/network.js';
import { layoutOf } from '../nn/layout.js';
import { quantizeInto } from '../nn/state.js';
import { trainEpoch } from '../nn/train.js';
import { resolveArchitecture } from '../spec/architectures.js';
import type { PresetCase, PresetRun } from './presets.js';
import { syntheticImages, trainerOf, untrained } from './synthetic.js';

/*
 * Trains one preset in this process, so that the process's peak memory is the run's, and prints what
 * it found: `node preset-run.js '{"preset": ..., "set": ..., "batch": ..., "steps": ...}'`.
 */

const tau = 5;

const { preset, set, batch, steps }: PresetCase = JSON.parse(process.argv[2]);
const { image, classes } = dataSets[set];
const shape = layOut(resolveArchitecture(preset, image), image, classes);
const threads = availableParallelism();
const images = syntheticImages(shape, batch * steps);
const trainer = trainerOf(shape, images, { batch, threads, name: 'wasm' });

/** When each step ended; the first one also starts threads and compiles, and is not timed. */
const ends: number[] = [];
const state = await trainEpoch(
  trainer,
  untrained(shape, tau),
  () => ends.push(performance.now()),
  new AbortController().signal,
);
await trainer.engine.close();
const step = (ends[steps - 1] - ends[0]) / (steps - 1);

const layout = layoutOf(shape);
const parameters = new Float32Array(layout.size);
const quantise = () => {
  const started = performance.now();
  quantizeInto(layout, state, parameters);
  return performance.now() - started;
};
const run: PresetRun = {
  imagesPerSecond: (1000 * batch) / step,
  quantiserShare: Math.min(quantise(), quantise(), quantise()) / step,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(run));
process.exit(0);
