import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { passCycles } from '../../src/fpga/layers/cycles.js';
import type { EngineDesign } from '../../src/fpga/layers/design.js';
import { planLayers } from '../../src/fpga/layers/plan.js';
import { buildEngine, simulateLayers } from '../../src/fpga/layers/simulate.js';
import { packageFile } from '../../src/util/paths.js';
import { failureOf } from '../support/failure.js';
import { prove } from './prove.js';
import {
  buildTimeout,
  canSimulate,
  convolution,
  convShape,
  quiet,
  randomBits,
  randomWeights,
  simulated,
  temporaryFolder,
} from './support.js';

const folder = temporaryFolder();
const context = quiet(folder);

const countsMatches = `module claim(input [8:0] window, input [8:0] kernel);
  wire [3:0] count;
  subbit_match_count dut(.window(window), .kernel(kernel), .count(count));
  integer i;
  reg [3:0] expected;
  always @* begin
    expected = 0;
    for (i = 0; i < 9; i = i + 1) if (window[i] == kernel[i]) expected = expected + 1;
    assert(count == expected);
  end
endmodule`;

// CRC-16/CCITT-FALSE by its shift register, one bit at a time, as the catalogue draws it.
const shiftsCrc = `module claim(input [15:0] crc, input [7:0] data);
  wire [15:0] next;
  subbit_crc16 dut(.crc(crc), .data(data), .next(next));
  integer i;
  reg [15:0] r;
  reg feedback;
  always @* begin
    r = crc;
    for (i = 7; i >= 0; i = i - 1) begin
      feedback = r[15] ^ data[i];
      r = {r[14:12], r[11] ^ feedback, r[10:5], r[4] ^ feedback, r[3:0], feedback};
    end
    assert(next == r);
  end
endmodule`;

// What was last written as a member is the kernel of every lane that asks for it.
const decodesIndices = `module claim(input clk, input step, input write, input [1:0] member, input [8:0] data, input [3:0] indices);
  wire [17:0] kernels;
  subbit_kernel_decoder #(.TAU(2), .LANES(2)) dut(
    .clk(clk), .member_write(write), .member_index(member), .member_data(data),
    .step(step), .indices(indices), .kernels(kernels));
  reg [3:0] written;
  reg [35:0] subset;
  reg [1:0] valid;
  reg [17:0] expected;
  initial written = 0;
  initial valid = 0;
  always @(posedge clk) begin
    if (write) begin
      subset[9*member +: 9] <= data;
      written[member] <= 1'b1;
    end
    if (step) begin
      valid[0] <= written[indices[1:0]] && !(write && member == indices[1:0]);
      valid[1] <= written[indices[3:2]] && !(write && member == indices[3:2]);
      expected[8:0] <= subset[9*indices[1:0] +: 9];
      expected[17:9] <= subset[9*indices[3:2] +: 9];
    end
  end
  always @* begin
    if (valid[0]) assert(kernels[8:0] == expected[8:0]);
    if (valid[1]) assert(kernels[17:9] == expected[17:9]);
  end
endmodule`;

describe('proofs over every input', () => {
  const rtl = (name: string) => readFile(packageFile(`hw/rtl/${name}.sv`), 'utf8');

  it('the match count is the number of equal bits', async () => {
    await prove(await rtl('subbit_match_count'), countsMatches);
  });

  it('and the proof fails when the tree of adders is broken', async () => {
    const source = await rtl('subbit_match_count');
    const broken = source.replace(
      'full_add(low_twos[0], ones[1], 1',
      'full_add(low_twos[0], ones[0], 1',
    );
    expect(broken).not.toBe(source);
    const failure = await failureOf(() => prove(broken, countsMatches));
    expect(failure.message).toMatch(/proof did fail/i);
  });

  // A write, steps in which nothing happens, a read: more steps reach nothing else.
  const decoderSteps = 5;

  it('a lane decodes its index to the member that was last written', async () => {
    const source = (await rtl('subbit_memory')) + (await rtl('subbit_kernel_decoder'));
    await prove(source, decodesIndices, decoderSteps);
  });

  it('and the proof fails when a lane looks up the index of another', async () => {
    const source = (await rtl('subbit_memory')) + (await rtl('subbit_kernel_decoder'));
    const broken = source.replace('indices[lane*TAU+:TAU]', 'indices[0+:TAU]');
    expect(broken).not.toBe(source);
    const failure = await failureOf(() => prove(broken, decodesIndices, decoderSteps));
    expect(failure.message).toMatch(/proof did fail/i);
  });

  it('the CRC is its shift register', async () => {
    await prove(await rtl('subbit_crc16'), shiftsCrc);
  });
});

describe.skipIf(!canSimulate)(`the engine under back-pressure ${simulated}`, () => {
  it(
    'loses and repeats nothing when its results are accepted now and then',
    async () => {
      const design: EngineDesign = {
        pixels: 5,
        outputs: 3,
        inputs: 2,
        tau: 3,
        countBits: 8,
        activationDepth: 256,
        weightDepth: 256,
        weightHuge: false,
        resultDepth: 256,
      };
      const convs = [
        convShape(8, 7, 6, 11, 1),
        convShape(1, 4, 5, 5, 2),
        convShape(16, 3, 4, 4, 1),
      ];
      const plans = planLayers(
        convs.map((conv, i) => ({ name: `layer${i}`, conv })),
        design,
      );
      const layers = plans.map((plan, i) => ({
        plan,
        weights: randomWeights(plan.conv, design.tau, i),
      }));
      const program = await buildEngine(design, false, join(folder, 'engine'), context);
      const jobs = plans.map((plan, layer) => ({ layer, bits: randomBits(plan.conv, layer) }));
      const outcomes = await simulateLayers(program, design, layers, jobs, context.signal);
      for (const [i, { bits }] of jobs.entries()) {
        const { plan, weights } = layers[i];
        expect(outcomes[i].accumulators).toEqual(convolution(plan.conv, weights, bits));
        const least = plan.passes.map((pass) => passCycles(plan.tiling, pass, design));
        for (const [pass, cycles] of outcomes[i].cycles.entries()) {
          expect(cycles).toBeGreaterThan(least[pass]);
        }
      }
    },
    buildTimeout,
  );
});
