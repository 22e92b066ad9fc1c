import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { ToolContext } from '../../src/fpga/tools/tool.js';
import type { ConvShape } from '../../src/model/network.js';
import { stream } from '../../src/util/random.js';

/** Whether this machine can build simulators; where not, the tests that need one are skipped. */
export const canSimulate = ['verilator', 'g++', 'make'].every((program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Title of the tests that are skipped without Verilator: the reason is part of what is printed. */
export const simulated = canSimulate
  ? 'in simulation'
  : 'in simulation (skipped: verilator, g++ or make is not on PATH)';

/** Milliseconds that building a simulator may take on a busy machine. */
export const buildTimeout = 150_000;

/** A folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'snn-fpga-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs tools with their logs in `folder`, watched by nobody. */
export function quiet(folder: string): ToolContext {
  return { logs: join(folder, 'logs'), emit: () => {}, signal: new AbortController().signal };
}

export function convShape(
  inputs: number,
  outputs: number,
  height: number,
  width: number,
  stride: 1 | 2,
): ConvShape {
  return {
    kernel: 3,
    stride,
    input: { height, width, channels: inputs },
    output: {
      height: Math.ceil(height / stride),
      width: Math.ceil(width / stride),
      channels: outputs,
    },
  };
}

/** Random weights of a layer: distinct members, any index. */
export function randomWeights(conv: ConvShape, tau: number, seed: number) {
  const random = stream(seed, 'weights');
  const members = new Set<number>();
  while (members.size < 2 ** tau) members.add(random.below(512));
  const pairs = conv.input.channels * conv.output.channels;
  return {
    members: Uint16Array.from(members),
    indices: Uint16Array.from({ length: pairs }, () => random.below(2 ** tau)),
  };
}

export function randomBits({ input }: ConvShape, seed: number): Uint8Array {
  const random = stream(seed, 'bits');
  const length = input.height * input.width * input.channels;
  return Uint8Array.from({ length }, () => random.below(2));
}

/**
 * The binary convolution from its definition, in +1 and -1, each product by itself: shares nothing
 * with what it checks. Returns [height, width, channels].
 */
export function convolution(
  conv: ConvShape,
  { members, indices }: { members: Uint16Array; indices: Uint16Array },
  bits: Uint8Array,
): Int32Array {
  const { input, output, stride } = conv;
  const sums: number[] = [];
  for (let y = 0; y < output.height; y++) {
    for (let x = 0; x < output.width; x++) {
      for (let o = 0; o < output.channels; o++) {
        let sum = 0;
        for (let c = 0; c < input.channels; c++) {
          const code = members[indices[o * input.channels + c]];
          for (const dy of [-1, 0, 1]) {
            for (const dx of [-1, 0, 1]) {
              const iy = y * stride + dy;
              const ix = x * stride + dx;
              const inside = iy >= 0 && ix >= 0 && iy < input.height && ix < input.width;
              const bit = inside ? bits[(iy * input.width + ix) * input.channels + c] : 0;
              const weight = Math.floor(code / 2 ** ((dy + 1) * 3 + dx + 1)) % 2;
              sum += (bit === 1 ? 1 : -1) * (weight === 1 ? 1 : -1);
            }
          }
        }
        sums.push(sum);
      }
    }
  }
  return Int32Array.from(sums);
}
