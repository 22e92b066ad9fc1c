import { parseArgs } from 'node:util';
import { table } from '../report/table.js';
import { type Figure, meetsGoal, type Suite } from './figure.js';

/** The parts of the tool that can be benched, each loaded when it is asked for. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  train: async () => (await import('./train.js')).train,
  data: async () => (await import('./data.js')).data,
  kernels: async () => (await import('./kernels.js')).kernels,
  values: async () => (await import('./values.js')).values,
  network: async () => (await import('./network.js')).network,
  fpga: async () => (await import('./fpga.js')).fpga,
  'fpga-proof': async () => (await import('./fpga-proof.js')).fpgaProof,
  'fpga-area': async () => (await import('./fpga-area.js')).fpgaArea,
  pipeline: async () => (await import('./pipeline.js')).pipeline,
  presets: async () => (await import('./presets.js')).presets,
  import: async () => (await import('./import.js')).importing,
};

function render(figures: readonly Figure[]): string {
  const digits = (value: number) => String(Number(value.toPrecision(4)));
  return table(
    [
      { head: 'figure', align: 'left' },
      { head: 'today', align: 'right' },
      { head: 'goal', align: 'right' },
      { head: 'unit', align: 'left' },
      { head: 'kind', align: 'left' },
      { head: 'baseline', align: 'left' },
    ],
    figures.map((figure) => {
      const { id, value, unit, goal, better, kind, baseline } = figure;
      const bound = better === 'higher' ? '>=' : '<=';
      const missed = meetsGoal(figure) === false ? ' missed' : '';
      const wanted = goal === null ? '' : `${bound} ${digits(goal)}${missed}`;
      return [id, digits(value), wanted, unit, kind, baseline ?? ''];
    }),
  );
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const names = values.only === undefined ? Object.keys(suites) : values.only.split(',');
const unknown = names.find((name) => !Object.hasOwn(suites, name));
if (unknown !== undefined) {
  console.error(`no bench is called ${unknown}; there are ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const name of names) {
  const suite = await suites[name]();
  figures.push(...(await suite((text) => console.error(`${name}: ${text}`))));
}
console.log(values.json ? JSON.stringify(figures, null, 2) : render(figures));
process.exit(0);
