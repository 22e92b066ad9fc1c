import { describe, expect, it } from 'vitest';
import { comparedSpecs, fpgaRatios, fpgaRatiosText } from '../../src/report/fpga-ratios.js';
import { type BinarySpec, isBinary } from '../../src/spec/binary.js';
import { loadSpec } from '../../src/spec/load.js';
import { packageFile } from '../../src/util/paths.js';

async function quickstart(...set: string[]): Promise<BinarySpec> {
  const { spec } = await loadSpec(packageFile('configs/quickstart.yaml'), set);
  if (!isBinary(spec)) throw new Error('the quickstart is binary');
  return spec;
}

describe('the ratios on an FPGA', () => {
  it('are three, for every tau and structure, each of its kind', async () => {
    const ratios = fpgaRatios(await quickstart(), () => null);
    expect(ratios.map(({ tau, structure }) => `${tau} ${structure}`)).toEqual([
      '6 free',
      '6 antipodal',
      '5 free',
      '5 antipodal',
      '4 free',
      '4 antipodal',
    ]);
    // The table of docs/hardware.md: 831616 over 233560 cycles, 1749248 over 445818.
    expect(ratios[2]).toMatchObject({
      storage: { value: 1.8, kind: 'counted' },
      equalLogic: { missing: 'not synthesised' },
      equalUnits: {
        'ResNet-18': { value: 831616 / 233560, kind: 'modelled' },
        'ResNet-34': { value: 1749248 / 445818, kind: 'modelled' },
      },
    });
    expect(fpgaRatiosText(ratios)).toContain('Not synthesised: add --synthesize');
  });

  it('divide images a second by logic cells where both designs are there', async () => {
    const metrics = (rate: number, cells: number) => ({
      'images at fmax': { value: rate, unit: 'images/s', kind: 'modelled' as const },
      'logic cells': { value: cells, unit: 'of 5280', kind: 'counted' as const },
    });
    const ratios = fpgaRatios(await quickstart(), ({ quantize: { tau } }) =>
      tau === 9 ? metrics(400, 4000) : tau === 5 ? metrics(600, 5000) : null,
    );
    expect(ratios.map(({ equalLogic }) => equalLogic)).toEqual([
      { missing: 'not synthesised' },
      { missing: 'not synthesised' },
      { value: 0.12 / 0.1, kind: 'modelled' },
      { value: 0.12 / 0.1, kind: 'modelled' },
      { missing: 'not synthesised' },
      { missing: 'not synthesised' },
    ]);
  });

  it('say so where the CPU is the target, and differ from the twin in tau alone', async () => {
    const spec = await quickstart('device.target=cpu');
    expect(fpgaRatios(spec, () => null)[0]).toMatchObject({
      bandwidth: { missing: 'device.target is cpu' },
      equalLogic: { missing: 'device.target is cpu' },
    });
    const specs = comparedSpecs(spec);
    expect(specs.map(({ quantize }) => quantize.tau)).toEqual([9, 6, 5, 4]);
    expect(new Set(specs.map(({ name }) => name)).size).toBe(4);
  });
});
