import type { Verification } from './bundle.js';
import type { DesignDocument } from './design-document.js';
import { fpgaTargets } from './targets.js';
import { programCommand } from './tools/loader.js';

/** Why a deployment was not simulated and what to do about it. */
export const notSimulated = 'not simulated: install verilator (apt install verilator)';

/** One sentence on what was proved of the RTL. */
export function verificationText({ simulated, ...done }: Verification): string {
  if (!simulated) return notSimulated;
  const { layers, images, values } = done;
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  return (
    `simulated: ${many(layers.length, 'binary layer')} on ${many(images.length, 'test image')}, ` +
    `${values} accumulators, equal to the reference bit for bit`
  );
}

/** The README of a deployment folder. */
export function readMe(
  name: string,
  { part, board, target, baud, cyclesPerImage, clock }: DesignDocument,
  verification: Verification,
): string {
  const { resources } = fpgaTargets[target];
  const microseconds = ((cyclesPerImage / clock) * 1e6).toFixed(0);
  return `# ${name} on ${part} (${board})

The binary 3x3 layers of the network run on the FPGA; stem, batch norm, shortcuts and classifier
run on the host. One image takes ${cyclesPerImage} cycles there (${microseconds} microseconds at the
board's ${clock / 1e6} MHz), not counting the link.

Verification: ${verificationText(verification)}.

| file | what it is |
|---|---|
| bitstream.bin | the accelerator for ${part} (${resources.logicCells} logic cells) |
| pins.pcf | its pins |
| design.json | its parameters, memory map and the layers' plan |
| weights.bin, network.json | subsets and indices as the accelerator's memory holds them |
| model.snn | the whole packed network |
| golden.bin | inputs and accumulators of every binary layer on test images |
| host/ | driver and self-test |
| manifest.json | SHA-256 of every file, tool versions, verification record |

1. Program the board: \`${programCommand(target, 'bitstream.bin')}\`
2. Run the self-test: \`node host/main.js --port /dev/ttyUSB1\`

The self-test needs Node 20 or later and \`stty\` (Linux or macOS), and a serial port that runs at
${baud} bit/s. It loads the weights, runs the golden vectors and compares every accumulator. It has
passed against the simulated board; no physical board has run it yet.
`;
}
