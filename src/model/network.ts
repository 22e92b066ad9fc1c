/** A feature map's or an image's shape. */
export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A map's shape as people read it: `28x28x1`. */
export function mapText({ height, width, channels }: MapShape): string {
  return `${height}x${width}x${channels}`;
}

/** A convolution between two maps; padding is kernel >> 1 on every side. */
export interface ConvShape {
  readonly kernel: 1 | 3 | 7;
  readonly stride: 1 | 2;
  readonly input: MapShape;
  readonly output: MapShape;
}

interface BinaryConvShape {
  /** `stage1.block0`: names the layer in messages, tables and artifacts. */
  readonly name: string;
  /** Its binary 3x3 convolution. */
  readonly conv: ConvShape;
}

/** A convolution with a shortcut around it: the unit of Bi-Real and ReActNet networks. */
export interface ResidualBlockShape extends BinaryConvShape {
  /** `downsample`: 2x2 average pooling and a real 1x1 convolution; otherwise the input itself. */
  readonly shortcut: 'identity' | 'downsample';
}

/** A convolution without a shortcut: the unit of VGG networks. */
export interface PlainBlockShape extends BinaryConvShape {
  readonly shortcut: 'none';
  /** 2x2 max pooling of stride 2 right behind the convolution; edge windows take what they have. */
  readonly pool: boolean;
}

/** A block: one binary convolution with its norm and activation. */
export type BlockShape = ResidualBlockShape | PlainBlockShape;

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

/** What decides a network's shape, besides its input. */
export interface Architecture {
  /**
   * `bireal`: a shortcut around every convolution; every stage after the first halves the map at its
   * start. `vgg`: no shortcuts; every stage ends in 2x2 max pooling.
   */
  readonly family: 'bireal' | 'vgg';
  /** Blocks (= binary 3x3 convolutions) of each stage. */
  readonly stages: readonly number[];
  /** Channels of the stem and the first stage; stage s has width * 2^s. */
  readonly width: number;
  readonly stem: {
    readonly kernel: 3 | 7;
    readonly stride: 1 | 2;
    /** 3x3 max pooling of stride 2 behind the stem. */
    readonly pool: boolean;
  };
}

function halve(size: number): number {
  return Math.ceil(size / 2);
}

function halved({ height, width, channels }: MapShape): MapShape {
  return { height: halve(height), width: halve(width), channels };
}

function convShape(input: MapShape, channels: number, kernel: 1 | 3 | 7, stride: 1 | 2): ConvShape {
  const { height, width } = stride === 2 ? halved(input) : input;
  return { kernel, stride, input, output: { height, width, channels } };
}

/** Whether max pooling stands between a block's convolution and its norm. */
export function isPooled(block: BlockShape): boolean {
  return block.shortcut === 'none' && block.pool;
}

/** The map that a block hands on. */
export function blockOutput(block: BlockShape): MapShape {
  return isPooled(block) ? halved(block.conv.output) : block.conv.output;
}

/** The map over which the classifier averages. */
export function lastMap({ stem, blocks }: Pick<NetworkShape, 'stem' | 'blocks'>): MapShape {
  const last = blocks.at(-1);
  return last ? blockOutput(last) : stem.output;
}

/** A block of a family: `index` of the `count` of its stage, on maps of shape `input`. */
function blockShape(
  { family, width }: Architecture,
  stage: number,
  index: number,
  count: number,
  input: MapShape,
): BlockShape {
  const name = `stage${stage}.block${index}`;
  const channels = width * 2 ** stage;
  switch (family) {
    case 'bireal': {
      const downsample = stage > 0 && index === 0;
      const conv = convShape(input, channels, 3, downsample ? 2 : 1);
      return { name, conv, shortcut: downsample ? 'downsample' : 'identity' };
    }
    case 'vgg': {
      const conv = convShape(input, channels, 3, 1);
      return { name, conv, shortcut: 'none', pool: index === count - 1 };
    }
  }
}

/** Lays a network out over images of shape `input` with `classes` classes. */
export function layOut(architecture: Architecture, input: MapShape, classes: number): NetworkShape {
  const { kernel, stride, pool } = architecture.stem;
  const conv = convShape(input, architecture.width, kernel, stride);
  const stem = { conv, pool, output: pool ? halved(conv.output) : conv.output };
  const blocks: BlockShape[] = [];
  let map = stem.output;
  architecture.stages.forEach((count, stage) => {
    for (let index = 0; index < count; index++) {
      const block = blockShape(architecture, stage, index, count, map);
      blocks.push(block);
      map = blockOutput(block);
    }
  });
  return { input, stem, blocks, classifier: { inputs: map.channels, classes } };
}

/** Lays a Bi-Real network out; see {@link layOut}. */
export function birealNetwork(
  architecture: Omit<Architecture, 'family'>,
  input: MapShape,
  classes: number,
): NetworkShape {
  return layOut({ ...architecture, family: 'bireal' }, input, classes);
}
