import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../spec/types.js';
import { Failure } from '../util/failure.js';
import { packageFile, workerEntry } from '../util/paths.js';
import type { Engine, EngineSetup } from './engine.js';
import { enginesFolder, findPackage } from './packages.js';
import { startPool } from './pool.js';

/** What a started backend tells of itself. */
export interface ProbeAnswer {
  readonly library: string | null;
  readonly device: string;
  readonly isGpu: boolean;
}

/** Precedes the answer in what a probing process prints. */
export const probeMark = 'engine: ';

/** Whether an engine can train here. */
export type Probe =
  | {
      readonly found: true;
      /** Of the npm package and, where there is one, the library behind it. */
      readonly version: string;
      readonly device: string;
      readonly isGpu: boolean;
    }
  | { readonly found: false; readonly why: string };

/** What trains, as far as it decides the result: part of what an artifact is named by. */
export type EngineChoice =
  | { readonly name: 'wasm'; readonly threads: number }
  | {
      readonly name: Exclude<EngineName, 'wasm'>;
      readonly threads: number;
      readonly version: string;
      readonly device: string;
    };

/** npm packages of each engine, the one that names its version first. */
const packages: Readonly<Record<EngineName, readonly string[]>> = {
  wasm: ['@tensorflow/tfjs-backend-wasm'],
  webgpu: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
  tensorflow: ['@tensorflow/tfjs-node'],
  'tensorflow-gpu': ['@tensorflow/tfjs-node-gpu'],
};

/** Milliseconds after which an engine that has not started is taken for hung. */
const probeTime = 60_000;

/** The one command that adds an engine's packages. */
export function installCommand(name: EngineName): string {
  if (name === 'wasm') return 'npm ci';
  const versions = { webgpu: 'webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22.0' };
  const wanted = name === 'webgpu' ? versions.webgpu : `${packages[name][0]}@4.22.0`;
  return `npm install --prefix ${enginesFolder()} ${wanted}`;
}

/** How to add the tensorflow engine where its library's own download host is out of reach. */
export function installWithoutDownload(): string {
  return `${packageFile('scripts/install-tensorflow.sh')} ${enginesFolder()}`;
}

const probes = new Map<string, Promise<Probe>>();

/** Whether the engine can train here; found out once a process. Never rejects. */
export function probeEngine(name: EngineName): Promise<Probe> {
  const key = JSON.stringify([enginesFolder(), name]);
  const probe = probes.get(key) ?? lookFor(name);
  probes.set(key, probe);
  return probe;
}

async function lookFor(name: EngineName): Promise<Probe> {
  const found = packages[name].map((each) => ({ each, place: findPackage(each) }));
  const missing = found.find(({ place }) => place === null);
  if (missing) return { found: false, why: `${missing.each} is not installed` };
  const answer = await startElsewhere(name);
  if (typeof answer === 'string') return { found: false, why: answer };
  const { library, device, isGpu } = answer;
  if (name === 'tensorflow-gpu' && !isGpu) return { found: false, why: 'it sees no GPU' };
  const version = [found[0].place?.version, library && `libtensorflow ${library}`];
  return { found: true, version: version.filter(Boolean).join(', '), device, isGpu };
}

/** Starts the engine in another process; what it answers, or why it does not start. */
function startElsewhere(name: EngineName): Promise<ProbeAnswer | string> {
  const command = [fileURLToPath(workerEntry('engine/probe')), name];
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { timeout: probeTime, env }, (error, stdout, stderr) => {
      const answer = stdout.split('\n').find((line) => line.startsWith(probeMark));
      if (answer) return resolve(JSON.parse(answer.slice(probeMark.length)));
      const told = stderr.split('\n').find((line) => /^\w*Error: /.test(line));
      resolve(told?.replace(/^\w*Error: /, '') ?? error?.message.split('\n')[0] ?? 'no answer');
    });
  });
}

/** Engines that `auto` prefers to wasm where they have a GPU in hardware, the best first. */
const preferred = ['tensorflow-gpu', 'webgpu'] as const;

/**
 * The engine that a spec asks for, as this machine has it.
 *
 * @throws Failure of kind `tool` where a named engine cannot train here
 */
export async function chooseEngine(
  wanted: 'auto' | EngineName,
  asked: number | null,
): Promise<EngineChoice> {
  const threads = asked ?? availableParallelism();
  if (wanted === 'wasm') return { name: 'wasm', threads };
  if (wanted === 'auto') {
    for (const name of preferred) {
      const probe = await probeEngine(name);
      if (probe.found && probe.isGpu) return choiceOf(name, threads, probe);
    }
    return { name: 'wasm', threads };
  }
  const probe = await probeEngine(wanted);
  if (probe.found) return choiceOf(wanted, threads, probe);
  throw new Failure('tool', `the engine ${wanted} cannot train here: ${probe.why}`, [
    installCommand(wanted),
    ...(wanted === 'tensorflow'
      ? [`or, without its download host: ${installWithoutDownload()}`]
      : []),
    'or leave the choice to the program: engine: auto',
  ]);
}

function choiceOf(
  name: Exclude<EngineName, 'wasm'>,
  threads: number,
  { version, device }: Extract<Probe, { found: true }>,
): EngineChoice {
  return { name, threads: name === 'tensorflow' ? threads : 1, version, device };
}

/**
 * Starts an engine. On a CPU each batch is cut over the threads, each with a backend of its own;
 * libtensorflow spreads single operations over cores, but most of ours are too small to gain by it. A
 * GPU computes whole batches.
 */
export function startEngine(
  { name, threads }: Pick<EngineChoice, 'name' | 'threads'>,
  setup: Omit<EngineSetup, 'threads'>,
): Engine {
  // Read by the native library when its first thread loads it.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  return startPool(name, { ...setup, threads });
}

/** The engine in the words of a progress line. */
export function engineText(choice: EngineChoice): string {
  const threads = `${choice.threads} ${choice.threads === 1 ? 'thread' : 'threads'}`;
  if (choice.name === 'wasm') return `engine wasm, ${threads}`;
  return `engine ${choice.name} (${choice.version}), ${choice.device}, ${threads}`;
}
