import { dataSets } from '../data/sets.js';
import { layOut, type NetworkShape } from '../model/network.js';
import type { Spec } from './types.js';

/** The network that a spec describes, laid out over its data set's images. */
export function networkShape(
  spec: Pick<Spec, 'architecture'> & { readonly data: Pick<Spec['data'], 'set'> },
): NetworkShape {
  const { image, classes } = dataSets[spec.data.set];
  return layOut(spec.architecture, image, classes.length);
}
