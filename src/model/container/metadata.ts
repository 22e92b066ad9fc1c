import { canonicalJson, isRecord } from '../../util/json.js';
import type { Figure, Origin, PackedModel, Provenance } from '../packed.js';
import { originVersion } from './sections.js';

/** What META holds of a model. */
export type Metadata = Pick<PackedModel, 'name' | 'classes' | 'provenance'>;

/** Bytes of META: parsing takes many times its size, so this bounds what a file can make a reader take. */
export const metadataLimit = 2 ** 18;

/** The text of META: canonical JSON, without `origin` where the model has none. */
export function metadataText({ name, classes, provenance }: Metadata): string {
  const { origin, ...traced } = provenance;
  return canonicalJson({ name, classes, provenance: origin === null ? traced : provenance });
}

type Fail = (what: string) => never;

const isText = (item: unknown): item is string => typeof item === 'string';

const kinds: readonly unknown[] = ['counted', 'measured', 'simulated', 'modelled'];

function isFigure(value: unknown): value is Figure {
  return (
    isRecord(value) &&
    typeof value.value === 'number' &&
    Number.isFinite(value.value) &&
    isText(value.unit) &&
    kinds.includes(value.kind)
  );
}

function readOrigin(value: unknown, fail: Fail): Origin {
  if (!isRecord(value) || !isText(value.spec) || !isRecord(value.figures)) {
    return fail('lacks its fields');
  }
  const figures = Object.entries(value.figures).map(([name, figure]): [string, Figure] =>
    isFigure(figure) ? [name, figure] : fail(`has a figure ${JSON.stringify(name)} that is none`),
  );
  return { spec: value.spec, figures: Object.fromEntries(figures) };
}

function readProvenance(value: unknown, version: number, fail: Fail): Provenance {
  if (!isRecord(value)) return fail('lacks its fields');
  const { trained, spec, tool } = value;
  if (!isText(trained) || !isText(spec) || !isText(tool)) return fail('lacks its fields');
  const isTold = version >= originVersion && 'origin' in value;
  const origin = isTold ? readOrigin(value.origin, fail) : null;
  return { trained, spec, tool, origin };
}

/** Reads META of a file of format `version`; anything but {@link metadataText} fails. */
export function readMetadata(bytes: Uint8Array, version: number, fail: Fail): Metadata {
  if (bytes.length > metadataLimit) {
    fail(`takes ${bytes.length} bytes; at most ${metadataLimit} are allowed`);
  }
  let text = '';
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    fail('is not JSON');
  }
  if (!isRecord(value)) return fail('lacks its fields');
  const { name, classes } = value;
  if (!isText(name) || !Array.isArray(classes) || !classes.every(isText)) {
    return fail('lacks its fields');
  }
  const metadata = { name, classes, provenance: readProvenance(value.provenance, version, fail) };
  if (metadataText(metadata) !== text) fail('is not in its canonical form');
  return metadata;
}
