import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { chooseEngine, engineText, probeEngine } from '../../src/engine/registry.js';
import { failureOf } from '../support/failure.js';
import { temporaryFolder } from '../support/folder.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv('SNN_ENGINES', folder);
});
afterEach(() => vi.unstubAllEnvs());

/** A package in the folder of the engines. */
function install(name: string, version: string, code: string, type = 'commonjs'): void {
  const path = join(folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version, type, main: 'i.js' }));
  writeFileSync(join(path, 'i.js'), code);
}

/** Both packages of the webgpu engine, with an adapter that is a GPU or software. */
function installWebgpu(isFallbackAdapter: boolean): void {
  const info = { vendor: 'acme', architecture: 'g1', description: 'Acme G1', isFallbackAdapter };
  const gpu = `{ requestAdapter: async () => ({ info: ${JSON.stringify(info)} }) }`;
  const code = `export const globals = {}; export const create = () => (${gpu});`;
  install('webgpu', '0.6.1', code, 'module');
  const register = "globalThis._tfengine.registerBackend('webgpu', () => ({}));";
  install('@tensorflow/tfjs-backend-webgpu', '4.22.0', register);
}

describe('where no optional engine is installed', () => {
  test('auto is wasm, on as many threads as are asked for', async () => {
    expect(await chooseEngine('auto', 3)).toEqual({ name: 'wasm', threads: 3 });
  });

  test.each(['tensorflow', 'webgpu', 'tensorflow-gpu'] as const)(
    'asking for %s fails and tells the command that adds it',
    async (name) => {
      const failure = await failureOf(() => chooseEngine(name, null));
      expect(failure.kind).toBe('tool');
      expect(failure.message).toContain('is not installed');
      expect(failure.next[0]).toMatch(`npm install --prefix ${folder} `);
    },
  );

  test('the tensorflow engine can be added without its download host', async () => {
    const { next } = await failureOf(() => chooseEngine('tensorflow', null));
    expect(next[1]).toContain(`install-tensorflow.sh ${folder}`);
  });
});

describe('an engine that is installed', () => {
  test('but does not start says why, and auto passes over it', async () => {
    install('@tensorflow/tfjs-node', '4.22.0', "throw new Error('wrong glibc');");
    expect(await probeEngine('tensorflow')).toEqual({ found: false, why: 'wrong glibc' });
    expect(await chooseEngine('auto', 2)).toEqual({ name: 'wasm', threads: 2 });
  });

  test('but crashes takes nothing with it', async () => {
    install('@tensorflow/tfjs-node', '4.22.0', "process.kill(process.pid, 'SIGSEGV');");
    expect(await probeEngine('tensorflow')).toMatchObject({ found: false });
  });

  test('on a GPU is what auto takes, and is named with all that decides its results', async () => {
    installWebgpu(false);
    const choice = await chooseEngine('auto', 2);
    expect(choice).toEqual({ name: 'webgpu', threads: 1, version: '0.6.1', device: 'Acme G1' });
    expect(engineText(choice)).toBe('engine webgpu (0.6.1), Acme G1, 1 thread');
  });

  test('on an adapter in software is taken by its name only', async () => {
    installWebgpu(true);
    expect(await chooseEngine('auto', 2)).toEqual({ name: 'wasm', threads: 2 });
    expect(await chooseEngine('webgpu', 2)).toMatchObject({ name: 'webgpu', device: 'Acme G1' });
  });
});
