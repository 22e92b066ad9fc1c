import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDigest, openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { type Verification, writeBundle } from '../fpga/bundle.js';
import type { DesignDocument } from '../fpga/design-document.js';
import { type GoldenLayer, goldenLayers } from '../fpga/golden.js';
import { linkBytes, linkSeconds } from '../fpga/link-time.js';
import { notSimulated, verificationText } from '../fpga/read-me.js';
import { simulatorDigest } from '../fpga/rtl.js';
import { buildAccelerator, simulateLayers } from '../fpga/simulate.js';
import { verilatorVersion } from '../fpga/tools/verilator.js';
import { compareWithReference } from '../fpga/verify.js';
import { decodeModel } from '../model/container/read.js';
import type { PackedModel } from '../model/packed.js';
import type { Metrics } from '../pipeline/events.js';
import { defineStage, inputOf, type StageContext } from '../pipeline/stage.js';
import type { DataFiles, DataSource, VerifySpec } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { whyNotOnFpga } from './synthesize.js';

type Slice = {
  readonly data: DataSource &
    Pick<DataFiles, 'path'> & { readonly limit: Pick<DataFiles['limit'], 'test'> };
  readonly verify: VerifySpec;
};

/** Most test images whose layers are simulated and become golden vectors. */
const mostImages = 8;

/**
 * Puts together what a board needs and proves it: every binary layer of the trained network, on test
 * images, through the RTL in Verilator, bit for bit and cycle for cycle. Without Verilator the folder
 * says that it was not simulated; installing it runs the stage again.
 */
export const deploy = defineStage({
  name: 'deploy',
  version: 1,
  needs: ['pack', 'evaluate', 'synthesize'],
  skip: whyNotOnFpga,
  reads: ({ data: { augment: _, limit, ...data }, verify }): Slice => ({
    data: { ...data, limit: { test: limit.test } },
    verify,
  }),
  environment: async ({ data }) => ({
    verilator: await verilatorVersion(),
    simulator: await simulatorDigest(),
    data: await dataDigest(data),
  }),
  run: assemble,
});

async function assemble(context: StageContext<Slice>): Promise<Metrics> {
  const { inputs, out, emit } = context;
  const modelFile = join(inputOf(inputs, 'pack').path, 'model.snn');
  const model = decodeModel(await readFile(modelFile), modelFile);
  const synthesized = inputOf(inputs, 'synthesize').path;
  const designFile = join(synthesized, 'design.json');
  const design: DesignDocument = JSON.parse(await readFile(designFile, 'utf8'));
  requireSameLayers(model, design);

  const golden = await goldenOf(model, context);
  const verification = await verify(model, design, golden, context);
  const artifacts = Object.fromEntries(
    deploy.needs.map((stage) => [stage, inputOf(inputs, stage).digest]),
  );
  await writeBundle(out, {
    synthesized,
    modelFile,
    model,
    design,
    golden,
    verification,
    artifacts,
  });
  if (verification.simulated) emit({ type: 'note', text: verificationText(verification) });
  else emit({ type: 'warning', text: notSimulated });
  return metricsOf(design, verification);
}

/** The bitstream's plan and the packed model must speak of the same layers. */
function requireSameLayers(
  { shape, blocks }: PackedModel,
  { layers, design }: DesignDocument,
): void {
  const outline = (list: readonly { name: string; conv: unknown }[]) =>
    JSON.stringify(list.map(({ name, conv }) => [name, conv]));
  const sameTau = blocks.every(({ conv }) => conv.tau === design.tau);
  if (!sameTau || outline(shape.blocks) !== outline(layers)) {
    throw new Failure('input', 'the bitstream was made for another network than the packed model', [
      'run again with --from synthesize --force',
    ]);
  }
}

async function goldenOf(
  model: PackedModel,
  { spec, signal, emit }: StageContext<Slice>,
): Promise<GoldenLayer[]> {
  const limit = { train: null, test: spec.data.limit.test };
  const source = await openSplit({ ...spec.data, limit }, 'test');
  const wanted = allOf(source).slice(0, Math.min(spec.verify.images, mostImages));
  const { count, pixels } = await imagesOf(source, wanted).finally(() => source.close());
  const size = pixels.length / count;
  const golden: GoldenLayer[] = [];
  for (let image = 0; image < count; image++) {
    emit({ type: 'progress', done: image, total: count, unit: 'images through the reference' });
    golden.push(...goldenLayers(model, pixels.subarray(image * size, (image + 1) * size), image));
    // The reference computes without a pause; this lets the signal through.
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
  return golden;
}

async function verify(
  model: PackedModel,
  { layers, design, cyclesPerImage }: DesignDocument,
  golden: readonly GoldenLayer[],
  { scratch, emit, signal }: StageContext<Slice>,
): Promise<Verification> {
  const simulator = await verilatorVersion();
  if (simulator === null) {
    const nothing = { images: [], layers: [], values: 0, cyclesPerImage: null };
    return { simulated: false, simulator, ...nothing };
  }
  emit({ type: 'note', text: `building the accelerator's simulator with ${simulator}` });
  const tools = { logs: join(scratch, 'logs'), emit, signal };
  const program = await buildAccelerator(design, join(scratch, 'simulator'), tools);
  const weighted = layers.map((plan, i) => ({ plan, weights: model.blocks[i].conv }));
  const outcomes = await simulateLayers(program, design, weighted, golden, signal);
  compareWithReference(layers, design, golden, outcomes);
  return {
    simulated: true,
    simulator,
    images: [...new Set(golden.map(({ image }) => image))],
    layers: layers.map(({ name }) => name),
    values: golden.reduce((sum, { accumulators }) => sum + accumulators.length, 0),
    // Cycles do not depend on data: the comparison holds every pass to the model.
    cyclesPerImage,
  };
}

function metricsOf(
  { layers, design, cyclesPerImage, baud }: DesignDocument,
  done: Verification,
): Metrics {
  const { simulated } = done;
  const seconds = linkSeconds(linkBytes(layers, design), baud);
  return {
    'binary layers verified': {
      value: done.layers.length,
      unit: `of ${layers.length}`,
      kind: simulated ? 'simulated' : 'counted',
    },
    'test images simulated': {
      value: done.images.length,
      unit: 'images',
      kind: simulated ? 'simulated' : 'counted',
    },
    'binary layers': {
      value: cyclesPerImage,
      unit: 'cycles/image',
      kind: simulated ? 'simulated' : 'modelled',
    },
    'link, apart': { value: seconds * 1000, unit: 'ms/image', kind: 'modelled' },
  };
}
