import { rtlParameters } from '../fpga/design.js';
import { largerParts, type PartResources } from '../fpga/larger-parts.js';
import { table } from './table.js';

/** What an accelerator takes of each part, and how to go on. */
export function resourcesText(parts: readonly PartResources[]): string {
  return parts
    .map(({ name, part, board, design, cyclesPerImage, cells }) => {
      const values = Object.entries(rtlParameters(design)).map((entry) => entry.join('='));
      const lacks = Object.entries(cells)
        .filter(([, { used, available }]) => used > available)
        .map(([cell, { used, available }]) => `${cell}, ${used - available} too many`);
      return [
        `${part} (${board}): ${cyclesPerImage} cycles an image (modelled)`,
        table(
          [
            { head: 'cell', align: 'left' },
            { head: 'counted', align: 'right' },
            { head: 'of', align: 'right' },
          ],
          Object.entries(cells).map(([cell, { used, available }]) => [cell, used, available]),
        ),
        ...(lacks.length === 0 ? [] : [`It does not fit: ${lacks.join('; ')}`]),
        `parameters: ${values.join(' ')}`,
        `Counted by Yosys before placement. Not routed here: ${largerParts[name].script} does that.`,
      ].join('\n');
    })
    .join('\n\n');
}
