/** A feature map's or an image's shape. */
export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A convolution between two maps; padding is kernel >> 1 on every side. */
export interface ConvShape {
  readonly kernel: 1 | 3 | 7;
  readonly stride: 1 | 2;
  readonly input: MapShape;
  readonly output: MapShape;
}

/**
 * One single-convolution residual block: the unit of Bi-Real and ReActNet networks.
 * `conv` is its binary 3x3 convolution.
 */
export interface BlockShape {
  /** `stage1.block0`: names the layer in messages, tables and artifacts. */
  readonly name: string;
  readonly conv: ConvShape;
  /** `downsample`: 2x2 average pooling and a real 1x1 convolution; otherwise the input itself. */
  readonly shortcut: 'identity' | 'downsample';
}

/** The shape of a whole network, layer by layer: what is trained, packed, run and put on a chip. */
export interface NetworkShape {
  readonly input: MapShape;
  readonly stem: {
    readonly conv: ConvShape;
    /** 3x3 max pooling of stride 2, padding 1, behind the stem. */
    readonly pool: boolean;
    readonly output: MapShape;
  };
  readonly blocks: readonly BlockShape[];
  readonly classifier: { readonly inputs: number; readonly classes: number };
}

/** What decides a Bi-Real network's shape, besides its input. */
export interface BirealArchitecture {
  /** Blocks of each stage; stages after the first halve the map and double the channels. */
  readonly stages: readonly number[];
  /** Channels of the first stage. */
  readonly width: number;
  readonly stem: { readonly kernel: 3 | 7; readonly stride: 1 | 2; readonly pool: boolean };
}

function halve(size: number): number {
  return Math.ceil(size / 2);
}

function convShape(input: MapShape, channels: number, kernel: 1 | 3 | 7, stride: 1 | 2): ConvShape {
  const scale = stride === 2 ? halve : (size: number) => size;
  const output = { height: scale(input.height), width: scale(input.width), channels };
  return { kernel, stride, input, output };
}

/** Lays a Bi-Real network out over images of shape `input` with `classes` classes. */
export function birealNetwork(
  { stages, width, stem }: BirealArchitecture,
  input: MapShape,
  classes: number,
): NetworkShape {
  const stemConv = convShape(input, width, stem.kernel, stem.stride);
  const pooled = stem.pool
    ? {
        ...stemConv.output,
        height: halve(stemConv.output.height),
        width: halve(stemConv.output.width),
      }
    : stemConv.output;

  const blocks: BlockShape[] = [];
  let map = pooled;
  stages.forEach((count, stage) => {
    for (let block = 0; block < count; block++) {
      const downsample = stage > 0 && block === 0;
      const conv = convShape(map, width * 2 ** stage, 3, downsample ? 2 : 1);
      blocks.push({
        name: `stage${stage}.block${block}`,
        conv,
        shortcut: downsample ? 'downsample' : 'identity',
      });
      map = conv.output;
    }
  });
  return {
    input,
    stem: { conv: stemConv, pool: stem.pool, output: pooled },
    blocks,
    classifier: { inputs: map.channels, classes },
  };
}
