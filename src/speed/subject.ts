import { shapeViolation } from '../model/bounds.js';
import { decodeModel } from '../model/container/read.js';
import type { PackedModel } from '../model/packed.js';
import { randomModel } from '../model/random.js';
import { isModelFile, modelFileOf, readModelFile } from '../pipeline/model-file.js';
import { specsOfRuns } from '../pipeline/run-specs.js';
import { lastRun, type RunRecord, readRun } from '../pipeline/runs.js';
import type { Store } from '../pipeline/store.js';
import { whyNotPacked } from '../spec/binary.js';
import { quantizationOf } from '../spec/cost.js';
import { loadSpec } from '../spec/load.js';
import { networkShape } from '../spec/shape.js';
import type { Spec } from '../spec/types.js';
import { Failure } from '../util/failure.js';

/** Where a network comes from: its file, or its run's id. */
export interface SubjectSource {
  readonly kind: 'model' | 'spec' | 'run';
  readonly from: string;
}

/** A packed network to time. */
export interface Subject {
  readonly name: string;
  readonly source: SubjectSource;
  /** `random`: of a spec; nothing was trained. */
  readonly weights: 'own' | 'random';
  readonly model: PackedModel;
}

const binaryAgain = '--set quantize.binarize=weights+activations --set quantize.bits=0.56';

function ofSpec(spec: Spec, file: string, seed: number): Subject {
  const { quantize } = spec;
  if (quantize.binarize === 'none') {
    throw new Failure(
      'input',
      `${file}: ${spec.name} has no packed form to time: ${whyNotPacked(spec)}`,
      [`time the same shapes as a binary network: snn bench ${file} ${binaryAgain}`],
    );
  }
  const shape = networkShape(spec);
  const violation = shapeViolation(shape);
  if (violation) {
    throw new Failure('input', `${file} cannot be packed: ${violation.where}: ${violation.what}`, [
      'keep the network within the bounds of docs/arithmetic.md',
    ]);
  }
  return {
    name: spec.name,
    source: { kind: 'spec', from: file },
    weights: 'random',
    model: randomModel(shape, quantizationOf(quantize), seed),
  };
}

async function readModel(file: string): Promise<PackedModel> {
  return decodeModel(await readModelFile(file), file);
}

async function ofModel(file: string): Promise<Subject> {
  const model = await readModel(file);
  return { name: model.name, source: { kind: 'model', from: file }, weights: 'own', model };
}

async function ofRun(run: RunRecord, store: Store): Promise<Subject> {
  const { id, spec } = run;
  const file = modelFileOf(run, store);
  if (file === null) {
    const why = whyNotPacked(spec) ?? 'pack did not finish';
    throw new Failure('input', `run ${id} has no packed model: ${why}`, [
      'time the shapes of its spec, with random weights: snn bench SPEC.yaml',
    ]);
  }
  const model = await readModel(file);
  return { name: spec.name, source: { kind: 'run', from: id }, weights: 'own', model };
}

async function lastPacked(store: Store): Promise<RunRecord> {
  const run = await lastRun(store, (run) => modelFileOf(run, store) !== null);
  if (run !== null) return run;
  throw new Failure('input', 'no run has packed a model yet', [
    'time a spec, nothing trained: snn bench configs/quickstart.yaml',
    'or run one first: snn run configs/quickstart.yaml',
  ]);
}

/** What a person names, and what a spec is read with. */
export interface Wanted {
  /** A packed model, a spec or a run; undefined: the last run that packed a model. */
  readonly what: string | undefined;
  readonly overrides: readonly string[];
  /** Of random weights. */
  readonly seed: number;
}

/** Finds the network that a person means; throws a Failure of kind `input` where there is none to time. */
export async function findSubject(
  store: Store,
  { what, overrides, seed }: Wanted,
): Promise<Subject> {
  const subject = await lookUp(store, what, overrides, seed);
  if (subject.model.blocks.length > 0) return subject;
  throw new Failure('input', `${subject.name} has no binary layers to time against 1 bit`, [
    'give the network stages: architecture.stages',
  ]);
}

async function lookUp(
  store: Store,
  what: string | undefined,
  overrides: readonly string[],
  seed: number,
): Promise<Subject> {
  if (what !== undefined && /\.ya?ml$/.test(what)) {
    const { spec, file } = await loadSpec(what, overrides, specsOfRuns(store));
    return ofSpec(spec, file, seed);
  }
  if (overrides.length > 0) {
    throw new Failure('input', '--set changes fields of a spec, and this is none', [
      'leave --set out, or name a spec, a YAML file',
    ]);
  }
  if (what === undefined) return ofRun(await lastPacked(store), store);
  return (await isModelFile(what)) ? ofModel(what) : ofRun(await readRun(store, what), store);
}
