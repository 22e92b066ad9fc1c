import { appendFile, cp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planStages } from '../../src/pipeline/executor.js';
import { describeReason } from '../../src/pipeline/reasons.js';
import { artifactFolder, findArtifact, type Store } from '../../src/pipeline/store.js';
import { chain, newStore, run, spec } from './support.js';

/** Builds the chain and gives the folder and fingerprint of what `learn` made. */
async function built() {
  const store = newStore();
  const first = await run(store, chain().stages);
  const { fingerprint, digest } = first.run.stages[1] ?? {};
  return {
    store,
    digest,
    fingerprint: fingerprint ?? '',
    folder: artifactFolder(store, 'learn', fingerprint ?? ''),
  };
}

async function edit(file: string, change: (text: string) => string) {
  await writeFile(file, change(await readFile(file, 'utf8')));
}

const damages: Record<string, { spoil: (folder: string) => Promise<void>; told: string }> = {
  'a truncated file': {
    spoil: (folder) => truncate(join(folder, 'learnt.txt'), 10),
    told: 'learnt.txt has 10 bytes instead of 66',
  },
  'a longer file': {
    spoil: (folder) => appendFile(join(folder, 'learnt.txt'), 'x'),
    told: 'learnt.txt has 67 bytes instead of 66',
  },
  'a flipped bit': {
    spoil: async (folder) => {
      const file = join(folder, 'learnt.txt');
      const bytes = await readFile(file);
      bytes[33] = (bytes[33] ?? 0) ^ 4;
      await writeFile(file, bytes);
    },
    told: 'learnt.txt has been altered (its SHA-256 differs)',
  },
  'a missing file': {
    spoil: (folder) => rm(join(folder, 'learnt.txt')),
    told: 'learnt.txt is missing',
  },
  'a file too many': {
    spoil: (folder) => writeFile(join(folder, 'extra.txt'), ''),
    told: 'extra.txt does not belong to it',
  },
  'a link instead of a file': {
    spoil: async (folder) => {
      await rm(join(folder, 'learnt.txt'));
      await symlink('/dev/zero', join(folder, 'learnt.txt'));
    },
    told: 'learnt.txt is no regular file',
  },
  'no manifest': {
    spoil: (folder) => rm(join(folder, 'artifact.json')),
    told: 'artifact.json is missing',
  },
  'an empty manifest': {
    spoil: (folder) => truncate(join(folder, 'artifact.json'), 0),
    told: 'artifact.json is no JSON',
  },
  'a manifest that is a list': {
    spoil: (folder) => writeFile(join(folder, 'artifact.json'), '[]'),
    told: 'artifact.json is no object',
  },
  'a manifest without a field': {
    spoil: (folder) =>
      edit(join(folder, 'artifact.json'), (text) => text.replace('"files"', '"x"')),
    told: 'artifact.json lacks a field or has one of the wrong type',
  },
  'an altered figure': {
    spoil: (folder) =>
      edit(join(folder, 'artifact.json'), (text) => text.replace('"value": 4', '"value": 5')),
    told: 'artifact.json has been altered (its seal differs)',
  },
};

describe.each(Object.entries(damages))('%s', (_, { spoil, told }) => {
  it('is planned for, reported and built again', async () => {
    const { store, folder, digest } = await built();
    await spoil(folder);

    const planned = await planStages({ spec, store, stages: chain().stages });
    expect(planned[1]).toMatchObject({ status: 'will-run' });
    const [reason] = planned[1]?.status === 'will-run' ? planned[1].reasons : [];
    expect(reason && describeReason(reason)).toBe(`artifact damaged: ${told}`);

    const { stages, runs } = chain();
    const { events, run: record } = await run(store, stages);
    expect(runs).toEqual(['learn']);
    expect(record.stages[1]).toMatchObject({ status: 'finished', cached: false, digest });
    expect(events).toContainEqual({
      type: 'stage-event',
      stage: 'learn',
      event: { type: 'warning', text: `artifact damaged: ${told}; building it again` },
    });
    expect((await run(store, chain().stages)).run.stages[1]?.cached).toBe(true);
  });
});

describe('an artifact', () => {
  it('under the wrong fingerprint is not believed', async () => {
    const { store, folder } = await built();
    const wrong = 'f'.repeat(64);
    await cp(folder, artifactFolder(store, 'learn', wrong), { recursive: true });
    expect(await findArtifact(store, 'learn', wrong)).toMatchObject({ state: 'damaged' });
  });

  it('with any byte of any file changed is found out', async () => {
    const { store, folder, fingerprint } = await built();
    const files = ['artifact.json', 'learnt.txt'];
    const originals = await Promise.all(files.map((file) => readFile(join(folder, file))));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (i, at, flip) => {
          const original = originals[i] ?? Buffer.alloc(0);
          const file = join(folder, files[i] ?? '');
          const bytes = Buffer.from(original);
          const place = at % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ flip;
          await writeFile(file, bytes);
          const state = await lookUp(store, fingerprint);
          await writeFile(file, original);
          // White space of the manifest carries no meaning.
          const same = i === 0 && JSON.stringify(parse(bytes)) === JSON.stringify(parse(original));
          expect(state).toBe(same ? 'intact' : 'damaged');
        },
      ),
      { numRuns: 300 },
    );
  });
});

async function lookUp(store: Store, fingerprint: string) {
  return (await findArtifact(store, 'learn', fingerprint)).state;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return 'no JSON';
  }
}
