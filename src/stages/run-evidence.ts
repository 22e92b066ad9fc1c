import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTrained } from '../model/trained-file.js';
import type { Artifact, Manifest } from '../pipeline/artifact.js';
import type { RunRecord } from '../pipeline/runs.js';
import { findArtifact, type Store } from '../pipeline/store.js';
import { type SubsetEpoch, type SubsetRecord, useOf } from '../subbit/record.js';
import { membersOf } from '../subbit/subset.js';
import { decodeSubsets } from '../subbit/subset-file.js';
import { orIfMissing } from '../util/files.js';
import type { EpochRecord } from './training-metrics.js';

/** Something that was found, or why it was not. */
export type Known<T> = { readonly value: T } | { readonly missing: string };

/** A layer's subset as it was sampled, and as the trained network holds and uses it. */
export interface LayerSubsets extends Pick<SubsetRecord, 'layer' | 'tau' | 'structure'> {
  /** Kernel codes of the sampled members, by index. */
  readonly sampled: readonly number[];
  /** Kernel codes of the trained members, by index. */
  readonly trained: readonly number[];
  /** Kernels that chose each trained member, by index. */
  readonly use: readonly number[];
}

/** A run and what is left of it in the store. */
export interface RunEvidence {
  readonly run: RunRecord;
  /** How each artifact was made, by the name of its stage. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly history: Known<readonly EpochRecord[]>;
  readonly epochs: Known<readonly SubsetEpoch[]>;
  readonly subsets: Known<readonly LayerSubsets[]>;
}

async function artifactOf(store: Store, run: RunRecord, name: string): Promise<Known<Artifact>> {
  const stage = run.stages.find((candidate) => candidate.name === name);
  if (stage?.status === 'skipped') return { missing: `${name} was skipped: ${stage.reason}` };
  if (stage?.status !== 'finished' || stage.fingerprint === null) {
    const ended = stage?.status === 'failed' || stage?.status === 'interrupted';
    return { missing: `${name} was ${ended ? stage.status : 'not run'}` };
  }
  const found = await findArtifact(store, name, stage.fingerprint);
  if (found.state === 'intact') return { value: found.artifact };
  const why = found.state === 'absent' ? 'deleted' : `damaged (${found.file}: ${found.problem})`;
  return { missing: `the artifact of ${name} was ${why}` };
}

/** What `read` makes of a file of an artifact. */
async function fileOf<T>(
  artifact: Known<Artifact>,
  name: string,
  read: (bytes: Buffer) => T,
): Promise<Known<T>> {
  if ('missing' in artifact) return artifact;
  const { path, manifest } = artifact.value;
  const bytes = await orIfMissing(readFile(join(path, name)), null);
  if (bytes === null) return { missing: `the artifact of ${manifest.stage} has no ${name}` };
  return { value: read(bytes) };
}

function trainedUse(bytes: Uint8Array) {
  const { shape, blocks } = decodeTrained(bytes);
  return blocks.flatMap(({ conv }, i) => {
    if (conv.kind === 'real') return [];
    const { tau, structure, members, indices } = conv;
    const use = useOf(Uint16Array.from(indices), members.length);
    return [{ layer: shape.blocks[i].name, tau, structure, trained: [...members], use }];
  });
}

async function subsetsOf(
  sample: Known<Artifact>,
  refine: Known<Artifact>,
): Promise<Known<readonly LayerSubsets[]>> {
  const sampled = await fileOf(sample, 'subsets.json', (bytes) => decodeSubsets(bytes.toString()));
  if ('missing' in sampled) return sampled;
  const trained = await fileOf(refine, 'trained.safetensors', trainedUse);
  if ('missing' in trained) return trained;
  return {
    value: trained.value.map((layer) => {
      const subset = sampled.value.get(layer.layer);
      return { ...layer, sampled: subset ? [...membersOf(subset)] : [] };
    }),
  };
}

/** Gathers what the store holds of a run; every byte of the artifacts is checked on the way. */
export async function evidenceOf(store: Store, run: RunRecord): Promise<RunEvidence> {
  const artifacts = new Map<string, Known<Artifact>>();
  for (const { name } of run.stages) artifacts.set(name, await artifactOf(store, run, name));
  const of = (name: string) => artifacts.get(name) ?? { missing: `${name} was not run` };
  const json = (bytes: Buffer) => JSON.parse(bytes.toString());
  return {
    run,
    manifests: new Map(
      [...artifacts].flatMap(([name, artifact]) =>
        'value' in artifact ? [[name, artifact.value.manifest]] : [],
      ),
    ),
    history: await fileOf<readonly EpochRecord[]>(of('refine'), 'history.json', json),
    epochs: await fileOf<readonly SubsetEpoch[]>(of('refine'), 'subsets.json', json),
    subsets: await subsetsOf(of('sample'), of('refine')),
  };
}
