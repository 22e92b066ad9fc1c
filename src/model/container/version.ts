import { architectureOf } from '../layout.js';
import { modelSight, type PackedModel } from '../packed.js';
import { families, originVersion } from './sections.js';

/** The lowest version of the format that can tell a model, so that older programs read all that they can. */
export function versionOf(model: PackedModel): number {
  const { shape, provenance } = model;
  const isNew = provenance.origin !== null || modelSight(model) !== 'binary';
  return isNew ? originVersion : families[architectureOf(shape).family].version;
}
