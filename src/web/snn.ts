/*
 * Runs a network below one bit a weight in a browser or in Node: a runtime image (model.bin) in the kernels that
 * stand beside it (runtime.wasm). One module without dependencies; docs/web.md tells more.
 *
 *   const model = await load(fetch('runtime.wasm'), fetch('model.bin'));
 *   const { label, score } = model.classify(pixels);
 */

/** The bytes of a file, or a `fetch` of them, or a promise of either, as `readFile` gives. */
export type Source = Loaded | Promise<Loaded>;
type Loaded = ArrayBuffer | Uint8Array | Response;

/** The class that a network takes an image for. */
export interface Answer {
  /** Its name, or its index where the classes have none. */
  readonly label: string;
  /** Its place among `classes`. */
  readonly index: number;
  /** Its share in the softmax of the logits, 0..1. */
  readonly score: number;
}

/** A network made ready to run. Pixels are bytes, [height, width, channels]. */
export interface Model {
  readonly name: string;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  /** Names of the classes, in order of the logits; or none. */
  readonly classes: readonly string[];
  /** Bit for bit what every other runtime of the network computes. */
  readonly logits: (pixels: ArrayLike<number>) => Int32Array;
  readonly classify: (pixels: ArrayLike<number>) => Answer;
}

async function bytesOf(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  const loaded = await source;
  if (!(loaded instanceof Response)) return new Uint8Array(loaded);
  if (!loaded.ok) throw new Error(`${loaded.url}: ${loaded.status} ${loaded.statusText}`);
  return new Uint8Array(await loaded.arrayBuffer());
}

/** The image's first eight bytes and its version, as words. */
const magic = [0x524e5389, 0x0a1a0a0d, 1];

/**
 * Loads a network.
 *
 * @param wasm runtime.wasm
 * @param image model.bin
 * @throws Error where a file cannot be fetched or is none of these
 */
export async function load(wasm: Source, image: Source): Promise<Model> {
  const [code, bytes] = await Promise.all([bytesOf(wasm), bytesOf(image)]);
  const header = new Int32Array(bytes.buffer, 0, Math.min(bytes.length >> 2, 24));
  const [, , , size, vector, pixelsAt, height, width, channels, arenaBytes, scratchBytes] = header;
  const [operations, operationsAt, maps, mapsAt, , stringsAt, stringBytes, constantsAt] =
    header.subarray(11);
  if (magic.some((word, i) => header[i] !== word) || size !== bytes.length || vector !== 16) {
    throw new Error('this is no model.bin that this snn.js can run');
  }
  const strings = new TextDecoder().decode(bytes.subarray(stringsAt, stringsAt + stringBytes));
  const [name, ...names] = strings.split('\0');
  const classes = names.slice(maps, -1);
  const scale = new DataView(bytes.buffer).getFloat64(80, true);

  const { instance } = await WebAssembly.instantiate(code);
  const { memory, run, __heap_base } = instance.exports as {
    memory: WebAssembly.Memory;
    run: (...addresses: number[]) => void;
    __heap_base: { value: number };
  };
  const aligned = (address: number) => Math.ceil(address / 64) * 64;
  const imageAt = aligned(__heap_base.value);
  const arena = aligned(imageAt + size);
  const scratch = aligned(arena + arenaBytes);
  const missing = scratch + scratchBytes - memory.buffer.byteLength;
  memory.grow(Math.max(0, Math.ceil(missing / 65536)));
  const held = new Uint8Array(memory.buffer);
  held.set(bytes, imageAt);

  const words = new Int32Array(memory.buffer);
  const program: number[] = [];
  for (let at = imageAt + operationsAt; program.length < operations; at += 4 + 4 * words[at >> 2]) {
    program.push(at + 4);
  }
  const [, , outputs, , , , logitsAt] = words.subarray((imageAt + mapsAt + 32 * (maps - 1)) >> 2);
  const output = new Int32Array(memory.buffer, arena + logitsAt, outputs);

  const logits = (pixels: ArrayLike<number>) => {
    if (pixels.length !== height * width * channels) {
      throw new RangeError(`${pixels.length} pixels where ${height}x${width}x${channels} are due`);
    }
    held.set(pixels, arena + pixelsAt);
    for (const operation of program) {
      run(imageAt + constantsAt, arena, scratch, operation, 0, 1);
    }
    return output.slice();
  };
  const classify = (pixels: ArrayLike<number>) => {
    const found = logits(pixels);
    const most = Math.max(...found);
    const index = found.indexOf(most);
    const sum = found.reduce((all, logit) => all + Math.exp((logit - most) * scale), 0);
    return { label: classes[index] ?? String(index), index, score: 1 / sum };
  };
  return { name, input: { height, width, channels }, classes, logits, classify };
}
