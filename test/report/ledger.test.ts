import { describe, expect, it } from 'vitest';
import { ledgerOf, printedFigure } from '../../src/report/ledger.js';
import type { Spec } from '../../src/spec/types.js';
import { spec } from '../pipeline/support.js';
import { madeUpEvidence } from './html/evidence.js';

const { run } = madeUpEvidence('net');

/** The published network, at a tau of one's own. */
function resnet18(tau: number, set: 'imagenet' | 'cifar10' = 'imagenet') {
  const of = {
    ...run.spec,
    data: { ...spec.data, set },
    architecture: {
      family: 'bireal',
      stages: [4, 4, 4, 4],
      width: 64,
      stem: { kernel: 7, stride: 2, pool: true },
    },
    quantize: { ...spec.quantize, tau },
  } as Spec;
  return { ...run, spec: of };
}

describe('ledgerOf', () => {
  it.each([
    [9, '10.99 Mbit', '1.677 G', '65.7 %'],
    [6, '7.324 Mbit', '0.883 G', '63.4 %'],
    [5, '6.103 Mbit', '0.501 G', '62.1 %'],
    [4, '4.882 Mbit', '0.297 G', '60.7 %'],
  ])('puts ResNet-18 at tau %i beside its published row', (tau, weights, bitOps, top1) => {
    const entries = ledgerOf(resnet18(tau));
    expect(entries.map(({ published }) => published)).toEqual([weights, bitOps, top1]);
    expect(entries.map(({ verdict }) => verdict)).toEqual(['agrees', 'agrees', 'told']);
    expect(entries.map(({ obtained }) => obtained?.kind)).toEqual([
      'counted',
      'counted',
      'measured',
    ]);
  });

  it('tells difference and tolerance in the unit that was printed', () => {
    // 5 bits of 1 220 608 3x3 kernels.
    expect(ledgerOf(resnet18(5))[0]).toMatchObject({
      obtained: { text: '6.1030 Mbit' },
      difference: expect.stringMatching(/^\+0\.000\d Mbit$/),
      tolerance: '0.001 Mbit, the last printed digit',
    });
    expect(ledgerOf(resnet18(5))[2]).toMatchObject({ difference: '+34.57 points' });
  });

  it('says why there is nothing to compare', () => {
    expect(ledgerOf(run)).toMatchObject([
      {
        published: null,
        verdict: 'incomparable',
        why: expect.stringContaining('6 binary layers on mnist'),
      },
    ]);
    const antipodal = resnet18(5);
    const quantize = { ...spec.quantize, subset: { structure: 'antipodal', sampling: 'uniform' } };
    expect(ledgerOf({ ...antipodal, spec: { ...antipodal.spec, quantize } as Spec })).toMatchObject(
      [{ verdict: 'incomparable' }],
    );
    const untested = { ...resnet18(5), metrics: {} };
    expect(ledgerOf(untested)[2]).toMatchObject({
      verdict: 'incomparable',
      why: 'this run was not evaluated',
    });
  });
});

it('printedFigure reads the prefix and the last digit', () => {
  expect(printedFigure('10.99 Mbit')).toEqual({ value: 10_990_000, unit: 10_000 });
  expect(printedFigure('62.1')).toEqual({ value: 62.1, unit: 0.1 });
  expect(() => printedFigure('many')).toThrow('no figure');
});
