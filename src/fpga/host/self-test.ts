import { type Accelerator, protocolVersion, spaces } from './accelerator.js';
import type { Bundle, GoldenVector } from './bundle.js';
import { layerRegisters, packActivations, resultPlaces } from './layout.js';

/** What a self-test found. */
export interface SelfTest {
  readonly vectors: number;
  /** Accumulators compared. */
  readonly values: number;
  /** Engine cycles of all vectors, by the hardware's counter. */
  readonly cycles: number;
  /** The first place that differs, in words; null where every value agrees. */
  readonly difference: string | null;
}

/**
 * Checks that the accelerator is the one that the bundle was made for, loads the network's weights,
 * runs every golden vector and compares every accumulator.
 *
 * @throws Error when the accelerator does not answer or is another one
 */
export async function selfTest(
  bundle: Bundle,
  device: Accelerator,
  progress: (done: number, total: number) => void = () => {},
): Promise<SelfTest> {
  await checkDesign(bundle, device);
  const { network, design, weights } = bundle;
  await device.write(spaces.weights, network.weightBanks, 0, weights);

  let values = 0;
  let cycles = 0;
  for (const [done, vector] of network.vectors.entries()) {
    progress(done, network.vectors.length);
    const expected = expectedAccumulators(bundle, vector);
    const plan = design.layers[vector.layer];
    const bits = inputBits(bundle, vector);
    for (const pass of plan.passes) {
      const words = packActivations(bits, plan, pass, design.design);
      await device.write(spaces.activations, network.activationBanks, 0, words);
      const registers = layerRegisters(plan, pass, network.offsets[vector.layer]);
      cycles += await device.run(registers);
      const { pixels } = design.design;
      const results = await device.read(pass.rows * plan.resultWordsPerRow, pixels);
      let i = 0;
      for (const place of resultPlaces(plan, pass, design.design)) {
        const actual = results[i++];
        if (place === null) continue;
        const { row, column, channel } = place;
        const { width, channels } = plan.conv.output;
        const wanted = expected[(row * width + column) * channels + channel];
        if (actual !== wanted) {
          const difference =
            `test image ${vector.image}, layer ${plan.name}, channel ${channel}, ` +
            `row ${row}, column ${column}: ${wanted} expected, ${actual} found`;
          return { vectors: done + 1, values, cycles, difference };
        }
        values++;
      }
    }
  }
  return { vectors: network.vectors.length, values, cycles, difference: null };
}

async function checkDesign({ design }: Bundle, device: Accelerator): Promise<void> {
  const { protocol, ...found } = await device.describe();
  if (protocol !== protocolVersion) {
    throw new Error(`the accelerator speaks protocol ${protocol}, this program ${protocolVersion}`);
  }
  for (const [name, value] of Object.entries(found)) {
    const wanted = design.design[name as keyof typeof found];
    if (value !== wanted) {
      throw new Error(`the accelerator has ${name} ${value}, this bundle is for ${wanted}`);
    }
  }
}

function inputBits({ golden, design }: Bundle, vector: GoldenVector): Uint8Array {
  const { height, width, channels } = design.layers[vector.layer].conv.input;
  return Uint8Array.from(
    { length: height * width * channels },
    (_, i) => (golden[vector.bits + (i >> 3)] >> (i & 7)) & 1,
  );
}

function expectedAccumulators({ golden, design }: Bundle, vector: GoldenVector): Int16Array {
  const { height, width, channels } = design.layers[vector.layer].conv.output;
  const view = new DataView(golden.buffer, golden.byteOffset + vector.accumulators);
  return Int16Array.from({ length: height * width * channels }, (_, i) =>
    view.getInt16(2 * i, true),
  );
}
