import { expect, it } from 'vitest';
import { costOf } from '../../src/model/cost.js';
import { birealNetwork } from '../../src/model/network.js';
import { costTable } from '../../src/report/cost-table.js';
import { scaled } from '../../src/report/scaled.js';

const small = birealNetwork(
  { stages: [2, 1], width: 16, stem: { kernel: 3, stride: 2, pool: false } },
  { height: 28, width: 28, channels: 1 },
  10,
);

it('shows each layer, the sums, and which layers save nothing', () => {
  expect(
    costTable(costOf(small, { tau: 4, structure: 'free', activations: 'binary' })),
  ).toMatchInlineSnapshot(`
    "binary layer   tau  in  out  positions  kbit: 1 bit  0.44 bit  M Bit-OPs: 1 bit  0.44 bit   fewer
    ─────────────────────────────────────────────────────────────────────────────────────────────────
    stage0.block0    4  16   16        196          2.3       1.0             0.452     0.452  none *
    stage0.block1    4  16   16        196          2.3       1.0             0.452     0.452  none *
    stage1.block0    4  16   32         49          4.6       2.0             0.226     0.125   1.80x
    * saves no operations here: 16 responses for 16 outputs

    binary layers             1 bit    0.44 bit  ratio
    ──────────────────────────────────────────────────
    weights              9.216 kbit  4.096 kbit  2.25x
    weights and subsets  9.216 kbit  4.528 kbit  2.04x
    Bit-OPs an image        1.129 M     1.029 M  1.10x

    Real-valued parameters: stem 144, downsample 512, classifier 330, channels 752;
    55.62 kbit at 32 bit each.
    Counted from the shapes: tau 4, free subsets."
  `);
});

it('counts additions, not operations on bits, where activations are real', () => {
  const text = costTable(costOf(small, { tau: 4, structure: 'free', activations: 'real' }));
  const row = text.split('\n').find((line) => line.startsWith('stage1.block0'));
  expect(text).not.toContain('Bit-OPs');
  expect(text).toContain('M additions: 1 bit');
  expect(text).toContain('additions an image');
  // 16 inputs, 49 positions: 16 responses of 9 values and 32 outputs, against 9 values for each output.
  expect(row).toMatch(/0\.226 +0\.138 +1\.64x$/);
});

it('names every reason to save nothing once, and says where no layer saves any', () => {
  const resnet20 = birealNetwork(
    { stages: [6, 6, 6], width: 16, stem: { kernel: 3, stride: 1, pool: false } },
    { height: 32, width: 32, channels: 3 },
    10,
  );
  const lines = (tau: number, structure: 'free' | 'antipodal') =>
    costTable(costOf(resnet20, { tau, structure, activations: 'binary' })).split('\n');
  const idle = lines(6, 'free');
  expect(idle.filter((line) => line.endsWith('none *'))).toHaveLength(18);
  expect(idle.filter((line) => line.startsWith('*'))).toEqual([
    '* saves no operations here: 64 responses for 16 outputs',
    '* saves no operations here: 64 responses for 32 outputs',
    '* saves no operations here: 64 responses for 64 outputs',
  ]);
  expect(idle.join('\n')).toMatch(/No layer saves operations: lower tau/);
  expect(idle.find((line) => line.startsWith('Bit-OPs'))).toMatch(/1\.00x$/);

  const antipodal = lines(6, 'antipodal');
  expect(antipodal.filter((line) => line.startsWith('*'))).toEqual([
    '* saves no operations here: 32 responses for 16 outputs',
    '* saves no operations here: 32 responses for 32 outputs',
  ]);
  expect(antipodal.join('\n')).not.toContain('No layer saves');
});

it('does not blame the plain 1-bit network for saving nothing', () => {
  expect(
    costTable(costOf(small, { tau: 9, structure: 'free', activations: 'binary' })),
  ).not.toContain('saves');
});

it('fits 100 columns and carries no colour codes', () => {
  const imagenet = birealNetwork(
    { stages: [6, 8, 12, 6], width: 64, stem: { kernel: 7, stride: 2, pool: true } },
    { height: 224, width: 224, channels: 3 },
    1000,
  );
  const lines = costTable(
    costOf(imagenet, { tau: 6, structure: 'free', activations: 'binary' }),
  ).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines.join('')).not.toContain('\u001b');
});

it.each([
  [10_985_472, 'bit', '10.99 Mbit'],
  [883_900_416, '', '0.884 G'],
  [297_242_624, '', '0.297 G'],
  [999, 'bit', '999 bit'],
  [1000, 'bit', '1.000 kbit'],
])('scales %d %s to %s', (count, unit, text) => {
  expect(scaled(count, unit)).toBe(text);
});
