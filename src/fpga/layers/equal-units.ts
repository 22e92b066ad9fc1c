import type { NetworkShape } from '../../model/network.js';
import type { SubsetStructure } from '../../subbit/subset.js';
import { layerCycles } from './cycles.js';
import { tileLayer } from './plan.js';
import { responseCycles } from './response.js';

/**
 * The engine at 1 bit that the comparison starts from: 7 x 4 x 8 = 224 match counters
 * (hw/rtl/subbit_engine.sv with TAU = 9).
 */
export const oneBitEngine = { pixels: 7, outputs: 4, inputs: 8, tau: 9 } as const;

/**
 * The engine by response tables with as many match counters, 7 x 32, that reads six output channels at
 * once (hw/rtl/subbit_response_engine.sv).
 */
export function responseEngine(tau: number, structure: SubsetStructure) {
  return { pixels: 7, outputs: 6, inputs: 32, tau, structure } as const;
}

/** Cycles of a network's binary layers on two engines with equally many match counters. */
export interface EqualUnits {
  readonly oneBit: number;
  readonly response: number;
}

/**
 * Cycles of the binary layers at equal match counters, the published way of counting: modelled by
 * formulas that equal the RTL's counters in simulation, every layer in one pass, memories as large as
 * that takes. Tables, lanes and weight bandwidth are not equal; docs/hardware.md puts them beside.
 */
export function equalUnits(
  { blocks }: Pick<NetworkShape, 'blocks'>,
  design: ReturnType<typeof responseEngine>,
): EqualUnits {
  const sum = (cycles: (conv: (typeof blocks)[number]['conv']) => number) =>
    blocks.reduce((total, { conv }) => total + cycles(conv), 0);
  return {
    oneBit: sum((conv) =>
      layerCycles(
        {
          tiling: tileLayer(conv, oneBitEngine),
          passes: [{ firstRow: 0, rows: conv.output.height }],
        },
        oneBitEngine,
      ),
    ),
    response: sum((conv) => responseCycles({ conv, tiling: tileLayer(conv, design) }, design)),
  };
}
