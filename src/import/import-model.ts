import { encodeModel } from '../model/container/write.js';
import { architectureOf } from '../model/layout.js';
import type { MapShape } from '../model/network.js';
import { packNetwork } from '../model/pack.js';
import type { PackedModel } from '../model/packed.js';
import type { TrainedBinaryNetwork } from '../model/trained.js';
import { encodeTrained } from '../model/trained-file.js';
import { Failure } from '../util/failure.js';
import { sha256 } from '../util/hash.js';
import { calibrationImages, syntheticImages } from './calibration.js';
import { readCheckpoint } from './checkpoint.js';
import { type Binarize, networkOf, type Wanted } from './network.js';
import { packedReach } from './reach.js';
import { reestimated } from './reestimate.js';
import { asSigns, foundSubset, mostFrequent, withinSubset } from './subset.js';

/** Images that are taken from a folder: for statistics of norms, and for the range of activations. */
const folderImages = { statistics: 64, reach: 8 } as const;

/** Images that stand in for a folder, and how much further than in them activations are let reach. */
const synthetic = { images: 2, margin: 2 } as const;

export interface ImportRequest extends Wanted {
  readonly bytes: Uint8Array;
  /** Bits of an index to which real weights are quantised; null: weights are binary already. */
  readonly quantize: number | null;
  /** Folder of images; null: there is none. */
  readonly calibrate: string | null;
  /** The program that imports. */
  readonly tool: string;
}

/** What a person is told while a checkpoint is imported. */
export type Note = (text: string) => void;

/** How a network's weights become binary; tells what of it is not as the checkpoint has it. */
function binarizer(quantize: number | null, file: string, note: Note): Binarize {
  return ({ name, outputs }, latents, subset) => {
    if (subset === null) {
      return quantize === null
        ? asSigns(latents, outputs)
        : mostFrequent(latents, outputs, quantize);
    }
    if (quantize !== null) {
      throw new Failure('input', `${file}: its weights have subsets already`, [
        'leave --quantize out',
      ]);
    }
    const found = foundSubset(subset);
    const repeated = found.members.length - found.distinct;
    if (repeated > 0) note(`${name}: ${repeated} members coincide with others; nothing uses them`);
    if (found.doubtful > 0) {
      note(
        `${name}: ${found.doubtful} elements of members lie within 0.001 of zero; their sign is taken`,
      );
    }
    return withinSubset(latents, outputs, found);
  };
}

/** The network of a checkpoint, its weights binary. */
export async function importNetwork(
  { bytes, quantize, calibrate, ...wanted }: ImportRequest,
  note: Note,
): Promise<TrainedBinaryNetwork> {
  const { format, tensors } = readCheckpoint(bytes, wanted.file);
  note(`${format}, ${tensors.size} tensors`);
  const network = networkOf(tensors, wanted, binarizer(quantize, wanted.file, note));
  if (quantize === null) return network;
  if (calibrate === null) {
    throw new Failure('input', '--quantize needs images: the norms of real weights do not fit', [
      'name a folder of them: --calibrate DIR',
    ]);
  }
  const images = await calibrationImages(calibrate, network.shape.input, folderImages.statistics);
  const renewed = await reestimated(network, images, (done, total) =>
    note(`statistics of ${done} of ${total} blocks taken anew over ${images.length} images`),
  );
  return renewed;
}

/** How far activations reach, from images of a folder or synthetic ones. */
async function reachOf(
  network: TrainedBinaryNetwork,
  calibrate: string | null,
  note: Note,
): Promise<number> {
  const { shape, input } = network;
  if (calibrate !== null) {
    const images = await calibrationImages(calibrate, shape.input, folderImages.reach);
    const reach = packedReach(network, images);
    note(`activations reach ${reach.toFixed(1)} in ${images.length} images of ${calibrate}`);
    return reach;
  }
  const images = syntheticImages(shape.input, input, synthetic.images);
  const reach = packedReach(network, images);
  note(
    `activations reach ${reach.toFixed(1)} in ${images.length} synthetic images; ` +
      `${synthetic.margin} times that is allowed for (--calibrate DIR takes real ones)`,
  );
  return synthetic.margin * reach;
}

/** A checkpoint as a packed model. */
export interface ImportedModel {
  readonly model: PackedModel;
  /** The `.snn` file: the same for the same tensors, whatever file they came in. */
  readonly bytes: Uint8Array;
}

/** What was imported, in a few words. */
export interface ImportSummary {
  readonly network: string;
  /** Blocks of each stage. */
  readonly stages: readonly number[];
  /** Bits of an index, those that occur, in ascending order. */
  readonly tau: readonly number[];
  readonly image: MapShape;
  readonly classes: number;
  readonly bytes: number;
}

/** Says what a packed model holds. */
export function summarize({ model, bytes }: ImportedModel): ImportSummary {
  const { shape, blocks, name } = model;
  return {
    network: name,
    stages: architectureOf(shape).stages,
    tau: [...new Set(blocks.map(({ conv }) => conv.tau))].sort((a, b) => a - b),
    image: shape.input,
    classes: shape.classifier.classes,
    bytes: bytes.length,
  };
}

/**
 * Turns a checkpoint into a packed model.
 *
 * @throws Failure where the checkpoint is damaged, does not fit the network or cannot be packed
 */
export async function importModel(request: ImportRequest, note: Note): Promise<ImportedModel> {
  const network = await importNetwork(request, note);
  const model = packNetwork(network, {
    name: request.network,
    reach: { activations: await reachOf(network, request.calibrate, note), accumulators: [] },
    provenance: {
      trained: sha256(encodeTrained(network)),
      spec: request.network,
      tool: request.tool,
      origin: null,
    },
  });
  return { model, bytes: encodeModel(model) };
}
