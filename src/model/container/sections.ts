import type { Sight } from '../packed.js';

/** First bytes of every packed model; the non-text bytes reveal a transfer in text mode. */
export const magic = Uint8Array.of(0x89, 0x53, 0x4e, 0x4e, 0x0d, 0x0a, 0x1a, 0x0a);

/** How ARCH writes a family, and the first format version (docs/format.md) that knows it. */
export const families = {
  bireal: { code: 1, version: 1 },
  vgg: { code: 2, version: 2 },
} as const;

/** The first version in which META may tell a model's origin, ARCH its activations, and every layer how its indices are coded. */
export const originVersion = 3;

/** The newest version of the format. */
export const formatVersion = 3;

/** What ARCH may write, from version 3 on, of what the binary convolutions see: the place in this list. */
export const sights = ['binary', 'real', 'zero-padded'] as const satisfies readonly Sight[];

/** Bytes of the preamble, which every version starts with. */
export const preambleBytes = 20;

/** Bytes of a section's entry in the table. */
export const entryBytes = 12;

/** The sections of a file in their order, by tag, with what a person calls them. */
export const sections = {
  META: 'name and provenance',
  ARCH: 'architecture',
  STEM: 'stem',
  SUBS: 'subsets',
  INDX: 'indices',
  BLKS: 'block constants',
  HEAD: 'classifier',
} as const;

export type SectionTag = keyof typeof sections;

export const sectionTags = Object.keys(sections) as SectionTag[];

/** Bytes in front of the first section: preamble, table and the table's check. */
export const headerBytes = preambleBytes + sectionTags.length * entryBytes + 4;
