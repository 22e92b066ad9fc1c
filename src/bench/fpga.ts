import { packageFile } from '../util/paths.js';
import { inFreshFolder, metricOf, timedRun } from './cli.js';
import type { Suite } from './figure.js';

const spec = packageFile('configs/quickstart.yaml');
const only = ['--from', 'synthesize', '--until', 'synthesize'];

/** The accelerator of the quickstart's binary layers on the iCE40 UP5K, and of its 1-bit twin. */
export const fpga: Suite = (note) =>
  inFreshFolder(async (folder) => {
    note('synthesising and routing the quickstart accelerator');
    const subBit = await timedRun(folder, ['run', spec, ...only]);
    note('the same for its 1-bit twin');
    const twin = ['--set', 'quantize.bits=1', '--set', 'name=twin'];
    const oneBit = await timedRun(folder, ['run', spec, ...only, ...twin]);
    const figure = (name: string) => metricOf(subBit.document, 'synthesize', name);
    const ratio = (name: string) => figure(name) / metricOf(oneBit.document, 'synthesize', name);
    const modelled = { kind: 'modelled', baseline: null } as const;
    return [
      {
        id: 'fpga.synthesis-time',
        value: subBit.seconds,
        unit: 's',
        goal: 240,
        better: 'lower',
        kind: 'measured',
        baseline: 'Yosys, nextpnr and icepack from npm',
      },
      {
        id: 'fpga.logic-cells',
        value: figure('logic cells'),
        unit: 'LC',
        goal: 5280,
        better: 'lower',
        ...modelled,
      },
      {
        id: 'fpga.fmax',
        value: figure('fmax after routing'),
        unit: 'MHz',
        goal: 24,
        better: 'higher',
        ...modelled,
      },
      {
        id: 'fpga.binary-layer-rate',
        value: figure('binary layers at fmax'),
        unit: 'images/s, binary layers only',
        goal: null,
        better: 'higher',
        ...modelled,
      },
      {
        id: 'fpga.sub-bit-speedup',
        value: ratio('binary layers at fmax'),
        unit: 'x, binary layers only',
        goal: null,
        better: 'higher',
        kind: 'modelled',
        baseline: 'the 1-bit twin on the same part, each design as large as fits',
      },
    ];
  });
