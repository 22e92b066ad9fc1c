import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { newFolder, prepareStore, remove, type Store } from '../../pipeline/store.js';
import { Failure } from '../../util/failure.js';
import { sha256 } from '../../util/hash.js';
import { canonicalJson } from '../../util/json.js';
import type { Design } from '../design.js';
import { simulatorDigest } from '../rtl.js';
import { buildBoard } from '../simulated-board.js';
import { installVerilator, verilatorVersion } from '../tools/verilator.js';

/** Shorter bits than a board's: only the clocks that the link takes differ. */
const timing = { divider: 4, pauseBits: 12 } as const;

/**
 * The program that simulates a board with this design: taken from the store's `simulators`, where it is
 * kept by all that it is made of, or built.
 *
 * @throws Failure of kind `tool` without Verilator
 */
export async function boardSimulator(
  design: Design,
  store: Store,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const verilator = await verilatorVersion();
  if (verilator === null) {
    throw new Failure('tool', '--simulated needs Verilator, g++ and make', [installVerilator]);
  }
  const source = { design, timing, verilator, simulator: await simulatorDigest() };
  const kept = join(store.root, 'simulators', sha256(canonicalJson(source)));
  if (existsSync(kept)) return kept;
  note(`building the simulated board with ${verilator}`);
  await prepareStore(store);
  const folder = await newFolder(store);
  const context = { logs: join(store.root, 'simulators/logs'), emit: () => {}, signal };
  const program = await buildBoard(design, timing, join(folder, 'build'), context);
  await mkdir(join(store.root, 'simulators'), { recursive: true });
  await copyFile(program, join(folder, 'simulator'));
  await rename(join(folder, 'simulator'), kept);
  await remove(folder);
  return kept;
}
