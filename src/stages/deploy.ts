import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDigest, openSplit } from '../data/load.js';
import { allOf, imagesOf } from '../data/source.js';
import { type Verification, writeBundle } from '../fpga/bundle.js';
import { stepCycles } from '../fpga/cycles.js';
import type { DesignDocument } from '../fpga/design-document.js';
import { type GoldenImage, goldenImage } from '../fpga/golden.js';
import { linkBytes, linkSeconds } from '../fpga/link-time.js';
import { type NetworkPlan, planNetwork } from '../fpga/plan.js';
import { notSimulated, verificationText } from '../fpga/read-me.js';
import { simulatorDigest } from '../fpga/rtl.js';
import { buildAccelerator, simulateNetwork } from '../fpga/simulate.js';
import { networkSteps, type Step } from '../fpga/steps.js';
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

/** Most test images that are simulated and become golden vectors. */
const mostImages = 8;

/**
 * Puts together what a board needs and proves it: the trained network on test images, from bytes to
 * logits, through the RTL in Verilator, every map bit for bit and cycle for cycle. Without Verilator the folder
 * says that it was not simulated; installing it runs the stage again.
 */
export const deploy = defineStage({
  name: 'deploy',
  version: 2,
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
  requireSameNetwork(model, design);

  const plan = planNetwork(model.shape, design.design);
  const golden = await goldenOf(model, plan, context);
  const verification = await verify(model, plan, design, golden, context);
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
  return metricsOf(model, design, verification);
}

/** The bitstream must have been made for a network of the packed model's steps. */
function requireSameNetwork(
  { shape, blocks }: PackedModel,
  { steps, design }: DesignDocument,
): void {
  const outline = (list: readonly Step[]) =>
    JSON.stringify(list.map(({ kind, name, output }) => [kind, name, output]));
  const decodes = blocks.every(({ conv }) => conv.tau <= design.tau);
  if (!decodes || outline(networkSteps(shape)) !== outline(steps)) {
    throw new Failure('input', 'the bitstream was made for another network than the packed model', [
      'run again with --from synthesize --force',
    ]);
  }
}

async function goldenOf(
  model: PackedModel,
  plan: NetworkPlan,
  { spec, signal, emit }: StageContext<Slice>,
): Promise<GoldenImage[]> {
  const limit = { train: null, test: spec.data.limit.test };
  const source = await openSplit({ ...spec.data, limit }, 'test');
  const wanted = allOf(source).slice(0, Math.min(spec.verify.images, mostImages));
  const { count, pixels } = await imagesOf(source, wanted).finally(() => source.close());
  const size = pixels.length / count;
  const golden: GoldenImage[] = [];
  for (let image = 0; image < count; image++) {
    emit({ type: 'progress', done: image, total: count, unit: 'images through the reference' });
    golden.push(goldenImage(model, plan, pixels.subarray(image * size, (image + 1) * size), image));
    // The reference computes without a pause; this lets the signal through.
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
  return golden;
}

async function verify(
  model: PackedModel,
  plan: NetworkPlan,
  { design, cyclesPerImage }: DesignDocument,
  golden: readonly GoldenImage[],
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
  const probes = [...plan.steps.keys()];
  const images = golden.map(({ pixels }) => pixels);
  const outcomes = await simulateNetwork(program, { model, plan, design }, images, probes, signal);
  compareWithReference(golden, probes, stepCycles(plan, design), outcomes);
  const compared = golden.flatMap(({ maps }) => maps.flatMap((map) => map ?? []));
  return {
    simulated: true,
    simulator,
    images: golden.map(({ image }) => image),
    layers: [...new Set(compared.map(({ name }) => name))],
    values: compared.reduce((sum, { values }) => sum + values.length, 0),
    // Cycles do not depend on data: the comparison holds every image to the model.
    cyclesPerImage,
  };
}

function metricsOf(
  { shape }: PackedModel,
  { cyclesPerImage, baud, clock }: DesignDocument,
  { simulated, layers, images }: Verification,
): Metrics {
  const link = linkSeconds(linkBytes(shape), baud);
  const kind = simulated ? 'simulated' : 'counted';
  return {
    'maps verified': { value: layers.length, unit: 'maps', kind },
    'test images simulated': { value: images.length, unit: 'images', kind },
    'whole network': {
      value: cyclesPerImage,
      unit: 'cycles/image',
      kind: simulated ? 'simulated' : 'modelled',
    },
    'link, apart': { value: link * 1000, unit: 'ms/image', kind: 'modelled' },
    'images with the link': {
      value: 1 / (link + cyclesPerImage / clock),
      unit: 'images/s',
      kind: 'modelled',
    },
  };
}
