import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { legacyCheckpoint, type SavedTensor } from '../fuzz/torch-files.js';
import { packageFile } from '../util/paths.js';
import { stream } from '../util/random.js';
import { inFreshFolder } from './cli.js';
import type { Suite } from './figure.js';

const run = promisify(execFile);

/** Times that the import is run; the fastest counts. */
const runs = 3;

/** Tells its peak memory in kilobytes when it ends. */
const tellPeak = "process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))";

/** The authors' ResNet-18 of tau 5 with random weights, as they save it. */
function resnet18Checkpoint(): Uint8Array {
  const random = stream(1, 'bench import');
  const tensors = new Map<string, SavedTensor>();
  const add = (name: string, shape: readonly number[], deviation = 1, mean = 0) => {
    const length = shape.reduce((product, n) => product * n, 1);
    const values = Float32Array.from({ length }, () => mean + deviation * random.normal());
    tensors.set(`module.${name}`, { shape, values });
  };
  const addNorm = (name: string, channels: number) => {
    add(`${name}.weight`, [channels], 0.1, 1);
    add(`${name}.bias`, [channels], 0.1);
    add(`${name}.running_mean`, [channels], 0.1);
    add(`${name}.running_var`, [channels], 0.02, 1);
  };
  add('conv1.weight', [64, 3, 7, 7], 0.1);
  addNorm('bn1', 64);
  for (let stage = 0; stage < 4; stage++) {
    for (let block = 0; block < 4; block++) {
      const at = `layer${stage + 1}.${block}`;
      const outputs = 64 * 2 ** stage;
      const inputs = stage > 0 && block === 0 ? outputs / 2 : outputs;
      add(`${at}.move0.bias`, [1, inputs, 1, 1], 0.1);
      add(`${at}.binary_conv.weight`, [outputs, inputs, 3, 3], 0.02);
      add(`${at}.binary_conv.binarize.patterns`, [32, 9]);
      addNorm(`${at}.bn1`, outputs);
      if (inputs !== outputs) {
        add(`${at}.downsample.1.weight`, [outputs, inputs, 1, 1], 0.05);
        addNorm(`${at}.downsample.2`, outputs);
      }
      add(`${at}.move1.bias`, [1, outputs, 1, 1], 0.1);
      add(`${at}.prelu.weight`, [outputs], 0.1, 0.25);
      add(`${at}.move2.bias`, [1, outputs, 1, 1], 0.1);
    }
  }
  add('fc.weight', [1000, 512], 0.05);
  add('fc.bias', [1000], 0.05);
  return legacyCheckpoint(tensors);
}

/** A checkpoint of 45 MB to a packed model, from the command line. */
export const importing: Suite = (note) =>
  inFreshFolder(async (folder) => {
    note('a ResNet-18 of random weights');
    await writeFile(join(folder, 'net.pth.tar'), resnet18Checkpoint());
    const found: { seconds: number; peak: number }[] = [];
    for (let i = 0; i < runs; i++) {
      const started = performance.now();
      const tell = ['--import', `data:text/javascript,${encodeURIComponent(tellPeak)}`];
      const args = [packageFile('bin/snn.js'), 'import', 'net.pth.tar', '--as', 'birealnet18'];
      const { stderr } = await run(process.execPath, [...tell, ...args], { cwd: folder });
      const peak = Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
      found.push({ seconds: (performance.now() - started) / 1000, peak });
    }
    const shared = { better: 'lower', kind: 'measured', baseline: null } as const;
    return [
      {
        id: 'import.resnet18',
        value: Math.min(...found.map(({ seconds }) => seconds)),
        unit: 's from checkpoint to .snn',
        goal: 5,
        ...shared,
      },
      {
        id: 'import.resnet18-memory',
        value: Math.max(...found.map(({ peak }) => peak)),
        unit: 'MB at the peak',
        goal: 400,
        ...shared,
      },
    ];
  });
