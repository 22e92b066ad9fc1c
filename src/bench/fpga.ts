import { equalUnits, responseEngine } from '../fpga/layers/equal-units.js';
import { birealNetwork } from '../model/network.js';
import { packageFile } from '../util/paths.js';
import { inFreshFolder, metricOf, timedRun } from './cli.js';
import type { Figure, Suite } from './figure.js';

const spec = packageFile('configs/quickstart.yaml');
const only = ['--from', 'synthesize', '--until', 'synthesize'];

/** ResNets at 224x224 and the speed-ups that are aimed at. */
const networks = [
  { name: 'resnet18', stages: [4, 4, 4, 4], goals: { free: 3.13, antipodal: 5 } },
  { name: 'resnet34', stages: [6, 8, 12, 6], goals: { free: 3.33, antipodal: 5 } },
] as const;

/** Cycles at equal match counters, the published way of counting. */
function equalUnitFigures(): Figure[] {
  return networks.flatMap(({ name, stages, goals }) => {
    const shape = birealNetwork(
      { stages, width: 64, stem: { kernel: 7, stride: 2, pool: true } },
      { height: 224, width: 224, channels: 3 },
      1000,
    );
    return (['free', 'antipodal'] as const).map((structure) => {
      const { oneBit, response } = equalUnits(shape, responseEngine(5, structure));
      return {
        id: `fpga.equal-units.${name}.tau5-${structure}`,
        value: oneBit / response,
        unit: 'x, cycles of the binary layers',
        goal: goals[structure],
        better: 'higher',
        kind: 'modelled',
        baseline: 'the 1-bit engine with as many match counters, 224',
      };
    });
  });
}

/** The accelerator of the quickstart network on the iCE40 UP5K, and of its 1-bit twin. */
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
        id: 'fpga.image-rate',
        value: figure('images at fmax'),
        unit: 'images/s, bytes to logits',
        goal: 400,
        better: 'higher',
        ...modelled,
      },
      {
        id: 'fpga.sub-bit-speedup',
        value: ratio('images at fmax'),
        unit: 'x, images/s',
        goal: null,
        better: 'higher',
        kind: 'modelled',
        baseline: 'the 1-bit twin on the same part, each design as large as fits',
      },
      ...equalUnitFigures(),
    ];
  });
