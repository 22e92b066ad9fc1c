import { dataShape } from '../data/sets.js';
import { layOut, type NetworkShape } from '../model/network.js';
import type { DataSource, Spec } from './types.js';

/** The network that a spec describes, laid out over its data set's images. */
export function networkShape(
  spec: Pick<Spec, 'architecture'> & { readonly data: DataSource },
): NetworkShape {
  const { image, classes } = dataShape(spec.data);
  return layOut(spec.architecture, image, classes);
}
