import { type MapShape, mapText } from './network.js';

/** One named map of an image's way through a network. */
export interface LayerTrace {
  readonly name: string;
  readonly shape: MapShape;
  /** [height, width, channels]. */
  readonly values: Int32Array;
}

/**
 * Every map that one image gives rise to, in order of computation: `stem.conv` (accumulators),
 * `stem`; for each block `<block>.conv` (accumulators of its binary convolution), `<block>.pool` (their
 * maxima, where it pools), `<block>.shortcut` (of a downsample shortcut) and `<block>` (its output);
 * `pool` (global average) and `logits`.
 */
export type Trace = readonly LayerTrace[];

/** The first place where two traces differ. */
export interface Difference {
  readonly layer: string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  readonly expected: number;
  readonly actual: number;
}

/**
 * The first difference between two traces in order of layer, row, column and channel, or null where
 * they agree on every value. Throws where they are traces of different networks: then nothing was
 * compared.
 */
export function firstDifference(expected: Trace, actual: Trace): Difference | null {
  const outline = (trace: Trace) =>
    trace.map(({ name, shape }) => `${name} ${mapText(shape)}`).join(', ');
  if (outline(expected) !== outline(actual)) {
    throw new Error(`traces of different networks: ${outline(expected)} | ${outline(actual)}`);
  }
  for (const [i, { name, shape, values }] of expected.entries()) {
    const others = actual[i].values;
    if (values.length !== others.length) throw new Error(`layer ${name}: maps of different sizes`);
    const at = values.findIndex((value, j) => value !== others[j]);
    if (at >= 0) {
      const pixel = Math.floor(at / shape.channels);
      return {
        layer: name,
        channel: at % shape.channels,
        row: Math.floor(pixel / shape.width),
        column: pixel % shape.width,
        expected: values[at],
        actual: others[at],
      };
    }
  }
  return null;
}

/** The difference in words: layer, channel, position and both values. */
export function describeDifference(difference: Difference): string {
  const { layer, channel, row, column, expected, actual } = difference;
  return `layer ${layer}, channel ${channel}, row ${row}, column ${column}: ${expected} expected, ${actual} found`;
}
