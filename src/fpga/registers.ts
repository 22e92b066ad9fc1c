import { layerWords } from './design.js';

/** What a layer's registers hold, as docs/hardware.md lists them. */
export interface LayerRegisters {
  readonly binary: boolean;
  /** Adds the source map to what the requantiser gives. */
  readonly add: boolean;
  /** Writes the bits of the next binary layer. */
  readonly bits: boolean;
  /** The source is an image of bytes. */
  readonly bytes: boolean;
  /** A value of the vector is the average of a window, or its largest value. */
  readonly pool: 'average' | 'largest' | null;
  /** 16-bit weights, two outputs at once; otherwise 8 bits and four. */
  readonly wide: boolean;
  /** Gives sums with their bias as two halves. */
  readonly logit: boolean;
  readonly preShift: number;
  readonly shift: number;
  /** Members of the subset. */
  readonly members: number;
  readonly weightBase: number;
  readonly walk: Walk;
  readonly next: NextBits;
  /** Groups of inputs of a binary layer, values of the vector of a dense one. */
  readonly inputs: number;
  /** Groups of outputs. */
  readonly groups: number;
  readonly source: BinarySource | Window;
}

/** How the values of a layer follow each other: pixels of a tile, channels, tiles of a row, rows. */
export interface Walk {
  readonly tilePixels: number;
  readonly channels: number;
  /** Channels with those that only fill a group up. */
  readonly lanes: number;
  readonly tiles: number;
  readonly rows: number;
  readonly width: number;
  /** Channels whose constants are loaded. */
  readonly steps: {
    readonly pixel: number;
    readonly channel: number;
    readonly tile: number;
    readonly row: number;
  };
}

/** Where the bits of the next binary layer go. */
export interface NextBits {
  readonly stride: 1 | 2;
  readonly base: number;
  readonly rowWords: number;
  readonly groups: number;
  /** Words to clear. */
  readonly words: number;
}

/** What a binary layer reads. */
export interface BinarySource {
  readonly kind: 'binary';
  readonly stride: 1 | 2;
  readonly base: number;
  /** What is subtracted from twice a match count. */
  readonly offset: number;
}

/** How a dense layer walks through its source map. */
export interface Window {
  readonly kind: 'window';
  /** Element of the first tap of the first position. */
  readonly first: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Columns and rows of the source map, beyond which a tap is 0. */
  readonly map: { readonly width: number; readonly height: number };
  readonly stride: number;
  readonly padding: number;
  /** From one tap to the next: of a row, to the next row, channel, position and row of positions. */
  readonly steps: {
    readonly x: number;
    readonly y: number;
    readonly channel: number;
    readonly column: number;
    readonly row: number;
  };
  /** What is subtracted from a byte, channel by channel. */
  readonly zeros: readonly number[];
}

const halves = (low: number, high = 0) => ((low & 0xffff) | (high << 16)) >>> 0;
const bytes = (...values: number[]) =>
  values.reduce((word, value, i) => word | ((value & 0xff) << (8 * i)), 0) >>> 0;
const flags = (...set: boolean[]) => set.reduce((word, flag, i) => word | (Number(flag) << i), 0);

/** The words of a layer's registers. */
export function encodeRegisters(layer: LayerRegisters): Uint32Array {
  const { walk, next, source } = layer;
  const words = new Uint32Array(layerWords);
  const stride2 = source.kind === 'binary' && source.stride === 2;
  const set = flags(
    ...[
      layer.binary,
      layer.add,
      layer.bits,
      layer.bytes,
      layer.pool !== null,
      layer.wide,
      layer.logit,
    ],
    ...[stride2, next.stride === 2],
  );
  const largest = Number(layer.pool === 'largest');
  words[0] =
    (set |
      (layer.preShift << 9) |
      (layer.shift << 13) |
      (largest << 18) |
      ((layer.members - 1) << 24)) >>>
    0;
  words[1] = halves(bytes(walk.tilePixels - 1, walk.channels - 1), layer.weightBase);
  words[2] = bytes(walk.lanes - 1, walk.width - 1, walk.rows - 1, walk.tiles - 1);
  words[3] = halves(walk.steps.pixel, walk.steps.channel);
  words[4] = halves(walk.steps.tile, walk.steps.row);
  words[5] = halves(next.base, next.rowWords);
  words[6] = halves(next.groups, next.base + next.words - 1);
  const counts = bytes(layer.inputs - 1, layer.groups - 1);
  if (source.kind === 'binary') {
    words[7] = halves(counts, source.base);
    words[8] = halves(source.offset);
    return words;
  }
  words[7] = halves(counts, source.first);
  words[8] = bytes(
    ...[source.width - 1, source.height - 1, source.channels - 1],
    source.stride | (source.padding << 2),
  );
  words[9] = halves(source.map.width, source.map.height);
  words[10] = halves(source.steps.x, source.steps.y);
  words[11] = halves(source.steps.channel, source.steps.column);
  words[12] = halves(source.steps.row);
  words[13] = bytes(...source.zeros);
  return words;
}
