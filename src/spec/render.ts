import { Document, visit } from 'yaml';
import type { Spec } from './types.js';

/** A spec as YAML with every default written out; it loads to the same spec again. */
export function renderSpec(spec: Spec): string {
  const document = new Document(spec);
  visit(document, {
    Seq: (_, list) => {
      list.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
