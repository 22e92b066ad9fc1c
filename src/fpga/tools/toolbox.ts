import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DeviceSpec } from '../../spec/types.js';
import { Failure } from '../../util/failure.js';
import { readJson } from './json.js';
import { runNpmTool } from './npm.js';
import type { NpmTask } from './npm-worker.js';
import { firstLine, runProcess } from './process.js';
import type { ToolContext } from './tool.js';

/** The synthesis tools that a spec asks for. */
export interface Toolbox {
  /** Runs one tool: files in by name, the files named in `wanted` out. */
  readonly run: (
    call: ToolCall,
    context: ToolContext,
  ) => Promise<Readonly<Record<string, Uint8Array>>>;
  /** Version of each tool by name; part of what a bitstream is. */
  readonly versions: () => Promise<Readonly<Record<string, string>>>;
}

export type SynthesisTool = 'yosys' | 'nextpnr-ice40' | 'icepack';

export interface ToolCall {
  readonly tool: SynthesisTool;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly wanted: readonly string[];
}

/** The npm packages, or the native tools on PATH, which work in `folder`. */
export function toolbox(tools: DeviceSpec['tools'], folder: string): Toolbox {
  return tools === 'npm'
    ? { run: runFromNpm, versions: npmVersions }
    : {
        run: (call, context) => runNative(call, folder, context),
        versions: nativeVersions,
      };
}

const packageOf: Record<SynthesisTool, NpmTask['package']> = {
  yosys: '@yowasp/yosys',
  'nextpnr-ice40': '@yowasp/nextpnr-ice40',
  icepack: '@yowasp/nextpnr-ice40',
};

async function runFromNpm({ tool, args, files, wanted }: ToolCall, context: ToolContext) {
  const left = await runNpmTool({ package: packageOf[tool], command: tool, args, files }, context);
  return pick(tool, left, wanted);
}

async function npmVersions(): Promise<Record<string, string>> {
  const { resolve } = createRequire(import.meta.url);
  const versions: Record<string, string> = {};
  for (const name of new Set(Object.values(packageOf))) {
    const manifest = await readJson(join(dirname(resolve(name)), '../package.json'));
    versions[name] = String(manifest.version);
  }
  return versions;
}

async function runNative(
  { tool, args, files, wanted }: ToolCall,
  cwd: string,
  context: ToolContext,
) {
  await mkdir(cwd, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(cwd, name), content);
  await runProcess({ tool, program: tool, args, cwd }, context);
  const left: Record<string, Uint8Array> = {};
  for (const name of wanted) left[name] = await readFile(join(cwd, name));
  return left;
}

async function nativeVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  const missing: string[] = [];
  for (const tool of ['yosys', 'nextpnr-ice40'] as const) {
    const version = await firstLine(tool, '--version');
    if (version === null) missing.push(tool);
    else versions[tool] = version;
  }
  if ((await firstLine('icepack', '-h')) === null) missing.push('icepack');
  if (missing.length > 0) {
    throw new Failure('tool', `device.tools is native, but ${missing.join(', ')} is not on PATH`, [
      'install it (apt install yosys nextpnr-ice40 fpga-icestorm)',
      'or set device.tools to npm: the tools that come with the program',
    ]);
  }
  return versions;
}

function pick(
  tool: string,
  files: Readonly<Record<string, Uint8Array>>,
  wanted: readonly string[],
): Record<string, Uint8Array> {
  const picked: Record<string, Uint8Array> = {};
  for (const name of wanted) {
    const file = files[name];
    if (file === undefined) throw new Failure('tool', `${tool} ended well but left no ${name}`);
    picked[name] = file;
  }
  return picked;
}
