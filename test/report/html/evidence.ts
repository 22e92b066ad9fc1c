import type { StageStatus } from '../../../src/pipeline/events.js';
import { networkShape } from '../../../src/spec/shape.js';
import type { Spec } from '../../../src/spec/types.js';
import type { LayerSubsets, RunEvidence } from '../../../src/stages/run-evidence.js';
import type { SubsetEpoch } from '../../../src/subbit/record.js';
import { spec } from '../../pipeline/support.js';

const digest = 'ab'.repeat(32);

const stages = ['sample', 'refine', 'pack', 'evaluate', 'synthesize'];

/** 2^tau codes of the 512, a different choice for each `start`. */
function codes(tau: number, start: number): number[] {
  return Array.from({ length: 2 ** tau }, (_, i) => (start + 37 * i) % 512);
}

/** Made-up evidence of a run with a board, each figure following from `seed` and `tau`. */
export function madeUpEvidence(
  name: string,
  { tau = 5, seed = 0, epochs = 6 }: { tau?: number; seed?: number; epochs?: number } = {},
): RunEvidence {
  const of: Spec = {
    ...spec,
    name,
    seed,
    quantize: { ...spec.quantize, tau },
    device: { ...spec.device, target: 'ice40-up5k' },
  } as Spec;
  const layers = networkShape(of).blocks.map(({ name: layer, conv }, at): LayerSubsets => {
    const kernels = conv.input.channels * conv.output.channels;
    const use = codes(tau, 0).map((_, i) => (i === 0 ? 0 : 1 + ((i * 7 + at) % 5)));
    return {
      layer,
      tau,
      structure: 'free',
      sampled: codes(tau, at),
      trained: codes(tau, at + 3),
      use: use.map((n) => n * kernels),
    };
  });
  const epochsOf = Array.from(
    { length: epochs },
    (_, i): SubsetEpoch => ({
      epoch: i + 1,
      layers: layers.map(({ layer, structure, use }) => ({
        layer,
        tau,
        structure,
        use,
        entropy: tau - 0.3,
        changed: Math.round(use.reduce((sum, n) => sum + n, 0) / (i + 2)),
        flipped: 40 - i,
        replaced: i,
        drifted: 3 + i,
        distance: 1,
      })),
    }),
  );
  return {
    run: {
      format: 1,
      id: `${name}-20260102T030405Z-${String(seed).padStart(6, '0')}`,
      status: 'finished',
      specFile: '/home/somebody/specs/net.yaml',
      spec: of,
      stages: stages.map((stage) => ({
        name: stage,
        status: 'finished' satisfies StageStatus,
        cached: false,
        seconds: 3,
        fingerprint: digest,
        digest,
      })),
      metrics: {
        pack: { 'packed model': { value: 12_000 + seed, unit: 'bytes', kind: 'counted' } },
        evaluate: {
          'test accuracy': {
            value: 95 + tau / 3 + seed / 50,
            unit: '% of 10000 images',
            kind: 'measured',
          },
        },
        synthesize: {
          'whole network': { value: 9000 * tau + seed, unit: 'cycles/image', kind: 'modelled' },
          'logic cells': { value: 4974, unit: 'of 5280', kind: 'counted' },
          'block RAM': { value: 23, unit: 'of 30', kind: 'counted' },
        },
      },
      error: null,
      startedAt: '2026-01-02T03:04:05.000Z',
      endedAt: '2026-01-02T03:14:05.000Z',
      tool: '0.0.0',
      process: '',
    },
    manifests: new Map(),
    history: {
      value: Array.from({ length: epochs }, (_, i) => ({
        epoch: i + 1,
        loss: 1 / (i + 1 + seed / 10),
        accuracy: 1 - 0.3 / (i + 1),
        validation: 1 - 0.4 / (i + 1),
      })),
    },
    epochs: { value: epochsOf },
    subsets: { value: layers },
  };
}
