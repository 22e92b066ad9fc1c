import { parentPort, workerData } from 'node:worker_threads';

/** What the worker is asked to do: one command of one npm package. */
export interface NpmTask {
  readonly package: '@yowasp/yosys' | '@yowasp/nextpnr-ice40';
  readonly command: string;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** What the worker tells: output as it comes, then the end. */
export type NpmMessage =
  | { readonly type: 'output'; readonly text: string }
  | {
      readonly type: 'done';
      /** 0: success. */
      readonly code: number;
      /** Every file that the tool left in its folder. */
      readonly files: Readonly<Record<string, Uint8Array>>;
    };

function ownFiles(tree: Readonly<Record<string, unknown>>): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const [name, content] of Object.entries(tree)) {
    if (content instanceof Uint8Array) files[name] = content;
    if (typeof content === 'string') files[name] = new TextEncoder().encode(content);
  }
  return files;
}

async function run(task: NpmTask, tell: (message: NpmMessage) => void): Promise<void> {
  const { commands } =
    task.package === '@yowasp/yosys'
      ? await import('@yowasp/yosys')
      : await import('@yowasp/nextpnr-ice40');
  const decoder = new TextDecoder();
  const output = (bytes: Uint8Array | null) => {
    if (bytes !== null) tell({ type: 'output', text: decoder.decode(bytes, { stream: true }) });
  };
  const command = new Map(Object.entries(commands)).get(task.command);
  if (command === undefined) throw new Error(`${task.package} has no command ${task.command}`);
  const streams = { stdout: output, stderr: output, decodeASCII: false };
  try {
    const tree = await command([...task.args], { ...task.files }, streams);
    tell({ type: 'done', code: 0, files: ownFiles(tree ?? {}) });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code !== 'number') throw error;
    tell({ type: 'done', code, files: {} });
  }
}

await run(workerData as NpmTask, (message) => parentPort?.postMessage(message));
