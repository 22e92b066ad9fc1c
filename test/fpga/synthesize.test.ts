import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../src/spec/load.js';
import { synthesize } from '../../src/stages/synthesize.js';
import { packageFile } from '../../src/util/paths.js';
import { failureOf } from '../support/failure.js';

const spec = async (...set: string[]) =>
  (await loadSpec(packageFile('configs/quickstart.yaml'), set)).spec;

describe('the synthesize stage', () => {
  it('has nothing to do for the CPU', async () => {
    expect(synthesize.skip?.(await spec('device.target=cpu'))).toBe('device.target is cpu');
    expect(synthesize.skip?.(await spec())).toBeNull();
  });

  it('reads nothing that retraining changes: the bitstream stays', async () => {
    const before = synthesize.reads(await spec());
    for (const change of [
      'seed=7',
      'train.epochs=9',
      'data.set=fashion-mnist',
      'quantize.subset.structure=antipodal',
      'verify.images=3',
      'name=other',
    ]) {
      expect(synthesize.reads(await spec(change)), change).toEqual(before);
    }
    for (const change of ['quantize.bits=1', 'architecture.width=8', 'device.seed=2']) {
      expect(synthesize.reads(await spec(change)), change).not.toEqual(before);
    }
  });

  it('is made again when its tools or the RTL change', async () => {
    expect(await synthesize.environment?.(await spec())).toEqual({
      tools: {
        '@yowasp/yosys': expect.stringMatching(/^\d+\.\d+/),
        '@yowasp/nextpnr-ice40': expect.stringMatching(/^\d+\.\d+/),
      },
      rtl: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('sees before training that a network does not fit', async () => {
    await synthesize.preflight?.(await spec());
    const wide = await spec('architecture.width=128');
    const failure = await failureOf(() => synthesize.preflight?.(wide));
    expect(failure.message).toMatch(/SPRAM: \d+ needed of 4, \d+ too many/);
    expect(failure.next.join('\n')).toMatch(/architecture.width \d+ fits/);
  });

  it('sees before training that VGG-small is too large, and names what would do', async () => {
    const failure = await failureOf(async () =>
      synthesize.preflight?.(await spec('architecture=vgg-small')),
    );
    expect(failure.message).toMatch(/does not fit iCE40 UP5K.*\n {2}block RAM: \d+ needed of 30/);
    expect(failure.next).toContain('device.target cpu runs it as it is');
    const width = Number(/architecture.width (\d+) fits/.exec(failure.next.join('\n'))?.[1]);
    const narrow = `architecture={"preset": "vgg-small", "width": ${width}}`;
    await synthesize.preflight?.(await spec(narrow));
    await synthesize.preflight?.(await spec(narrow, 'device.target=cpu'));
  });

  it('takes layers that differ in tau', async () => {
    await synthesize.preflight?.(await spec('quantize.tau={"stage0.*": 6, "*": 4}'));
  });

  it('is left out where activations stay real', async () => {
    const why = 'the accelerator takes binary weights and activations only';
    expect(synthesize.skip?.(await spec('quantize.binarize=weights'))).toContain(why);
    expect(synthesize.skip?.(await spec('quantize.binarize=none'))).toContain(why);
    expect(synthesize.skip?.(await spec())).toBeNull();
  });
});
