import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../src/util/paths.js';
import { failureOf } from '../support/failure.js';
import { prove } from './prove.js';

const rtl = (name: string) => readFile(packageFile(`hw/rtl/${name}.sv`), 'utf8');

// The definition of docs/arithmetic.md, min(max(a + b, -32768), 32767), in numbers that hold any sum.
const addsSaturated = `module claim(input signed [15:0] a, input signed [15:0] b);
  wire signed [15:0] sum;
  subbit_saturating_add dut(.a(a), .b(b), .sum(sum));
  wire signed [19:0] whole = a + b;
  wire signed [19:0] clamped = whole > 32767 ? 32767 : whole < -32768 ? -32768 : whole;
  always @* assert(sum == clamped);
endmodule`;

// Fixed-point multiplication behind its product: S((product + bias) >> shift), with product and bias as
// large as docs/arithmetic.md lets them be. Told by what it means to be rounded down and clamped, in
// numbers that hold anything, without a shift to the right.
const scalesFixedPoint = `module claim(
    input signed [31:0] product, input signed [31:0] bias, input [4:0] shift);
  wire signed [15:0] q;
  wire signed [31:0] total = product + bias;
  subbit_saturating_shift dut(.value(total), .shift(shift), .shifted(q));
  localparam signed [63:0] BOUND = 64'sd1 <<< 30;
  wire signed [63:0] whole = $signed(product) + 64'sd0 + $signed(bias);
  wire signed [63:0] wide = q;
  wire inside = product >= -BOUND && product <= BOUND && bias >= -BOUND && bias <= BOUND
      && shift >= 1 && shift <= 24 && whole < 64'sd2147483648;
  wire not_above = (wide <<< shift) <= whole || q == -32768;
  wire not_below = whole < ((wide + 1) <<< shift) || q == 32767;
  always @* if (inside) assert(not_above && not_below);
endmodule`;

describe('proofs of the requantiser over every input', () => {
  const cases = [
    {
      what: 'the saturating add',
      module: 'subbit_saturating_add',
      claim: addsSaturated,
      broken: ['whole[16] == whole[15]', 'whole[16] == whole[14]'],
    },
    {
      what: 'the shift of a fixed-point product',
      module: 'subbit_saturating_shift',
      claim: scalesFixedPoint,
      broken: ["whole[31:15] == '1", "whole[31:16] == '1"],
    },
    {
      what: 'the rounding of a fixed-point product',
      module: 'subbit_saturating_shift',
      claim: scalesFixedPoint,
      broken: ['value >>> shift', '(value + 1) >>> shift'],
    },
  ] as const;

  it.each(cases)('$what is its definition, and not when it is broken', async (proof) => {
    const source = await rtl(proof.module);
    await prove(source, proof.claim);
    const [from, to] = proof.broken;
    const broken = source.replace(from, to);
    expect(broken).not.toBe(source);
    const failure = await failureOf(() => prove(broken, proof.claim));
    expect(failure.message).toMatch(/proof did fail/i);
  });
});
