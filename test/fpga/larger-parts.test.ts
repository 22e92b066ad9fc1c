import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { countCells, designInBlockRam } from '../../src/fpga/larger-parts.js';
import { networkOf } from '../../src/spec/largest-tau.js';
import { loadSpec } from '../../src/spec/load.js';
import { packageFile } from '../../src/util/paths.js';

const statistics = (cells: object) =>
  Buffer.from(JSON.stringify({ design: { num_cells_by_type: cells } }));

describe('parts that are only synthesised for', () => {
  it('have their cells counted as the part has them', () => {
    expect(
      countCells(
        'ecp5-25f',
        statistics({ LUT4: 10, CCU2C: 3, TRELLIS_DPR16X4: 1, TRELLIS_FF: 7, DP16KD: 2, PFUMX: 9 }),
      ),
    ).toEqual({
      LUT4: { used: 20, available: 24288 },
      FF: { used: 7, available: 24288 },
      'DP16KD (18 kbit)': { used: 2, available: 56 },
      MULT18X18D: { used: 0, available: 28 },
    });
    expect(
      countCells(
        'xc7a35t',
        statistics({ LUT6: 4, LUT2: 1, RAM32M: 1, FDRE: 5, FDSE: 1, RAMB36E1: 2, RAMB18E1: 1 }),
      ),
    ).toMatchObject({
      LUT6: { used: 9 },
      FF: { used: 6 },
      'RAMB18 (18 kbit)': { used: 5 },
      DSP48E1: { used: 0 },
    });
  });

  it('take the accelerator with memories of block RAM', async () => {
    const { spec } = await loadSpec(packageFile('configs/quickstart.yaml'), []);
    const { shape, tau } = networkOf(spec);
    const { design } = designInBlockRam(shape, tau);
    expect(design).toMatchObject({ tau: 5, huge: false });
    expect(design.weightDepth).toBeLessThan(16384);
  });

  it.each([
    ['ulx3s.sv', 'ulx3s.lpf', /LOCATE COMP "(\w+)"/g],
    ['arty_a7.sv', 'arty_a7.xdc', /PACKAGE_PIN.*get_ports (\w+)\]/g],
  ])('place every port of %s', async (top, constraints, place) => {
    const text = (name: string) => readFile(packageFile(`hw/boards/${name}`), 'utf8');
    const ports = [...(await text(top)).matchAll(/^ {4}(?:input|output) +logic (\w+)/gm)];
    const places = [...(await text(constraints)).matchAll(place)];
    expect(places.map(([, name]) => name).sort()).toEqual(ports.map(([, name]) => name).sort());
    expect(ports).toHaveLength(4);
  });
});
