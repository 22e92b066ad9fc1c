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
    `simulated: ${many(layers.length, 'map')} of the network on ${many(images.length, 'test image')}, ` +
    `${values} values, equal to the reference bit for bit`
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

The whole network runs on the FPGA: the bytes of an image go in, logits come out. One image takes
${cyclesPerImage} cycles (${microseconds} microseconds at the board's ${clock / 1e6} MHz), not counting the
link.

Verification: ${verificationText(verification)}.

| file | what it is |
|---|---|
| bitstream.bin | the accelerator for ${part} (${resources.logicCells} logic cells) |
| pins.pcf | its pins |
| design.json | its parameters, memories and the network's steps |
| weights.bin, network.json | the network as the accelerator's memory holds it |
| model.snn | the whole packed network |
| golden.bin | test images with every map and the logits that must come out |
| host/ | driver and self-test |
| manifest.json | SHA-256 of every file, tool versions, verification record |

1. Program the board: \`${programCommand(target, 'bitstream.bin')}\`
2. Run the self-test: \`node host/main.js --port /dev/ttyUSB1\`

The self-test needs Node 20 or later and \`stty\` (Linux or macOS), and a serial port that runs at
${baud} bit/s. It loads the network, runs the golden images and compares every logit, and every map of
the first of them. It has
passed against the simulated board; no physical board has run it yet.
`;
}
