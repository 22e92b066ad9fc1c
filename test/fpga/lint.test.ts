import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Design, rtlParameters } from '../../src/fpga/design.js';
import { rtlFiles } from '../../src/fpga/rtl.js';
import { packageFile } from '../../src/util/paths.js';
import { canSimulate, simulated } from './support.js';

const design: Design = {
  pixels: 7,
  outputs: 2,
  inputs: 2,
  tau: 5,
  countBits: 10,
  activationDepth: 256,
  weightDepth: 16384,
  mapDepth: 16384,
  huge: true,
};
const variants: Design[] = [
  design,
  { ...design, tau: 9, outputs: 3, inputs: 1 },
  { ...design, pixels: 1, outputs: 1, inputs: 1, tau: 9, weightDepth: 512, huge: false },
  { ...design, pixels: 5, outputs: 3, inputs: 5, tau: 1, mapDepth: 768, huge: false },
];

async function lint(top: string, file: string, parameters: Readonly<Record<string, number>>) {
  const values = Object.entries(parameters).map(([name, value]) => `-G${name}=${value}`);
  const args = [
    '--lint-only',
    '-Wall',
    '--top-module',
    top,
    ...values,
    ...(await rtlFiles()),
    file,
  ];
  return promisify(execFile)('verilator', [...new Set(args)]).then(
    ({ stderr }) => stderr,
    ({ stderr }) => stderr || 'verilator failed',
  );
}

describe.skipIf(!canSimulate)(`the RTL under verilator --lint-only -Wall ${simulated}`, () => {
  it('gives no warning for any module by itself', async () => {
    for (const file of await rtlFiles()) {
      const top = /(\w+)\.sv$/.exec(file)?.[1] ?? '';
      expect(await lint(top, file, {}), top).toBe('');
    }
  });

  it('gives no warning for any board, whatever the parameters', async () => {
    const boards = (await readdir(packageFile('hw/boards'))).filter((name) => name.endsWith('.sv'));
    expect(boards).toHaveLength(4);
    for (const board of boards) {
      for (const variant of variants) {
        const file = packageFile(`hw/boards/${board}`);
        const output = await lint(board.replace('.sv', ''), file, rtlParameters(variant));
        expect(output, `${board} ${JSON.stringify(variant)}`).toBe('');
      }
    }
  });

  it('refuses parameters that make no sense, in words', async () => {
    const file = packageFile('hw/boards/icebreaker.sv');
    const refused: [Partial<Design>, string][] = [
      [{ pixels: 8 }, 'PIXELS must be at most 7'],
      [{ tau: 10 }, 'TAU must be 1..9'],
      [{ outputs: 4 }, 'a weight word must be at most 32 bits'],
      [{ mapDepth: 65536 }, 'MAP_DEPTH must be at most 32768'],
      [{ countBits: 4 }, 'COUNT_BITS must hold a sum'],
    ];
    for (const [change, message] of refused) {
      const parameters = rtlParameters({ ...design, ...change });
      expect(await lint('icebreaker', file, parameters), message).toContain(message);
    }
  });
});
