import type { LayerSubsets } from '../../stages/run-evidence.js';
import { entropyOf, type SubsetEpoch } from '../../subbit/record.js';
import { sum } from '../../util/sum.js';
import type { Pencil } from './drawing.js';
import { absent, figureOf, swatch, tableOf } from './figure.js';
import { html, type Markup } from './markup.js';
import type { Subject } from './subject.js';
import { linesByEpoch } from './training.js';
import { shades, useMaps } from './use-maps.js';

function membersTable(layers: readonly LayerSubsets[], title: string): Markup {
  return tableOf(
    `Members of ${title}, kernel codes in octal`,
    [{ head: 'layer' }, { head: 'sampled' }, { head: 'trained, with the kernels that chose it' }],
    layers.map(({ layer, sampled, trained, use }) => [
      layer,
      html`<span class="codes">${sampled.map((code) => code.toString(8).padStart(3, '0')).join(' ')}</span>`,
      html`<span class="codes">${trained
        .map((code, i) => `${code.toString(8).padStart(3, '0')}:${use[i]}`)
        .join(' ')}</span>`,
    ]),
  );
}

function maps(layers: readonly LayerSubsets[], title: string, pencil: Pencil): Markup {
  return figureOf({
    caption: `Subsets of ${title} before and after refinement`,
    kinds: ['counted'],
    wide: true,
    drawings: layers.map(
      (layer) =>
        html`<div><h4>${layer.layer}, tau ${layer.tau}</h4>${useMaps(pencil, layer)}</div>`,
    ),
    legend: html`All 512 binary 3x3 kernels by code, 32 a row; only members of the subset are filled. ${[
      ...shades,
    ]
      .reverse()
      .map(({ name, text }) => swatch(name, text))}`,
    data: membersTable(layers, title),
  });
}

function histogram(pencil: Pencil, { layer, use }: LayerSubsets): Markup {
  const { plotting } = pencil;
  const total = sum(use);
  const shares = use.map((n) => (100 * n) / total);
  const even = 100 / use.length;
  const steps = [...shares, shares.at(-1) ?? 0];
  return pencil.plot(
    {
      title: `Use of the indices of ${layer}`,
      description: `${use.length} indices of ${total} kernels; the most used one takes ${Math.max(...shares).toFixed(1)} %, an even share is ${even.toFixed(1)} %.`,
    },
    {
      width: 290,
      height: 150,
      marginLeft: 38,
      marginRight: 12,
      x: { label: 'index', ticks: 4, tickFormat: 'd', domain: [0, use.length] },
      y: { label: 'kernels (%)', ticks: 3, grid: true, nice: true, zero: true },
      marks: [
        plotting.areaY(steps, {
          x: (_: number, i: number) => i,
          y: (share: number) => share,
          curve: 'step-after',
          fill: 'var(--bar)',
        }),
        plotting.ruleY([even], { stroke: 'var(--accent)', strokeDasharray: '4 3' }),
      ],
    },
  );
}

function histograms(layers: readonly LayerSubsets[], title: string, pencil: Pencil): Markup {
  return figureOf({
    caption: `Index histograms of ${title}, as trained`,
    kinds: ['counted'],
    wide: true,
    drawings: layers.map(
      (layer) =>
        html`<div><h4>${layer.layer}, tau ${layer.tau}</h4>${histogram(pencil, layer)}</div>`,
    ),
    legend: "Share of the layer's kernels that have each index; dashed: an even share.",
    data: tableOf(
      `Use of the members of ${title}`,
      [
        { head: 'layer' },
        { head: 'kernels', numeric: true },
        { head: 'members used', numeric: true },
        { head: 'entropy of the indices, bit', numeric: true },
        { head: 'largest share, %', numeric: true },
      ],
      layers.map(({ layer, use }) => [
        layer,
        sum(use),
        `${use.filter((n) => n > 0).length} of ${use.length}`,
        entropyOf(use).toFixed(2),
        ((100 * Math.max(...use)) / sum(use)).toFixed(1),
      ]),
    ),
  });
}

/** A figure of all layers behind each epoch: means weigh layers by their kernels. */
function movement({ layers }: SubsetEpoch) {
  const kernels = layers.map(({ use }) => sum(use));
  return {
    changed: (100 * sum(layers.map(({ changed }) => changed))) / sum(kernels),
    entropy: sum(layers.map(({ entropy }, i) => entropy * kernels[i])) / sum(kernels),
    flipped: sum(layers.map(({ flipped }) => flipped)),
    replaced: sum(layers.map(({ replaced }) => replaced)),
    drifted:
      (100 * sum(layers.map(({ drifted }) => drifted))) / sum(layers.map(({ use }) => use.length)),
  };
}

function movements(epochs: readonly SubsetEpoch[], title: string, pencil: Pencil): Markup {
  const rows = epochs.map((epoch) => ({ epoch: epoch.epoch, ...movement(epoch) }));
  const of = (about: string, label: string, value: (row: (typeof rows)[number]) => number) =>
    linesByEpoch(
      pencil,
      { title: `${about} of ${title} by epoch`, label, marginRight: 60, from: 0 },
      [
        {
          name: 'all',
          colour: 'var(--run1)',
          points: rows.map((row) => ({ epoch: row.epoch, value: value(row) })),
        },
      ],
    );
  return figureOf({
    caption: `What training did to the subsets of ${title}`,
    kinds: ['counted'],
    wide: true,
    drawings: [
      of('Kernels whose index changed', 'index changed (% of kernels)', ({ changed }) => changed),
      of('Members that were not sampled', 'members not sampled (%)', ({ drifted }) => drifted),
    ],
    legend: 'Over all layers; of an antipodal pair one flip or replacement is counted.',
    data: tableOf(
      `Subsets of ${title}, epoch by epoch`,
      [
        { head: 'epoch', numeric: true },
        { head: 'index changed, %', numeric: true },
        { head: 'mean entropy, bit', numeric: true },
        { head: 'elements flipped', numeric: true },
        { head: 'members replaced', numeric: true },
        { head: 'members not sampled, %', numeric: true },
      ],
      rows.map(({ epoch, changed, entropy, flipped, replaced, drifted }) => [
        epoch,
        changed.toFixed(1),
        entropy.toFixed(2),
        flipped,
        replaced,
        drifted.toFixed(1),
      ]),
    ),
  });
}

/** The subsets of a run: where they were, where they went and how they are used. */
export function subsetsOf(
  { subsets, epochs, title, cost }: Subject,
  pencil: Pencil,
): Markup | null {
  if (cost === null) return null;
  const layers =
    'missing' in subsets
      ? absent('Subsets', subsets.missing)
      : html`${maps(subsets.value, title, pencil)}${histograms(subsets.value, title, pencil)}`;
  if ('missing' in epochs || epochs.value.length < 2) return layers;
  return html`${layers}${movements(epochs.value, title, pencil)}`;
}
