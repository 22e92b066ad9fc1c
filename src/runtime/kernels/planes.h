/*
 * Response planes. For a strip of positions, the responses of an input channel to all members of the subset are
 * computed once, a plane of one byte a position each; every output adds the plane that its index names.
 * With 1 bit the kernel is split into its first four taps and its last five, a plane of each is added.
 */
#pragma once

#include <stddef.h>

#include "codes.h"

enum {
  VECTORS = STRIP / VECTOR,
  /* Planes of a unit of which so many vectors fill the range of a byte: picks are their offsets. */
  OFFSET_PLANES = 256 / VECTOR
};

/* What a strip sees of a channel: the first four taps, the next four, and the last one. */
typedef struct {
  u8v first[VECTORS], next[VECTORS], last[VECTORS];
} Taps;

INLINE Taps load_taps(const uint8_t *top, const uint8_t *middle, const uint8_t *bottom, int vectors) {
  Taps taps;
  for (int v = 0; v < vectors; v++) {
    const u8v a = load_u8v(top + v * VECTOR), b = load_u8v(middle + v * VECTOR);
    const u8v c = load_u8v(bottom + v * VECTOR);
    taps.first[v] = a | (u8v)((u16v)(b & splat_u8(1)) << 3);
    taps.next[v] = (u8v)((u16v)(b & splat_u8(6)) >> 1) | (u8v)((u16v)(c & splat_u8(3)) << 2);
    taps.last[v] = (u8v)((u16v)(c & splat_u8(4)) >> 2);
  }
  return taps;
}

/*
 * The planes of a unit lie vector by vector, [vectors of the strip, planes]: `row` bytes between two vectors of a
 * plane. Responses are computed two by two, one in each half of a byte: they are 9 at most. A pair's table is the bits that differ
 * among the first four taps, [16], among the next four, [16], and the last taps of both, 16 times.
 */
INLINE void respond(const uint8_t *tables, Taps taps, uint8_t *planes, int responses, int antipodal,
                    size_t vectors) {
  const size_t row = (size_t)(antipodal ? 2 * responses : responses) * VECTOR;
  for (size_t v = 0; v < vectors; v++) taps.last[v] |= (u8v)((u16v)taps.last[v] << 4);
  uint8_t *opposite = planes + responses * VECTOR;
  for (int k = 0; k < responses; k += 2) {
    const u8v first = load_table(tables), next = load_table(tables + 16), last = load_table(tables + 32);
    for (size_t v = 0; v < vectors; v++) {
      const u8v pair =
          look_up(first, taps.first[v]) + look_up(next, taps.next[v]) + (taps.last[v] ^ last);
      const u8v lower = pair & splat_u8(15), upper = (u8v)((u16v)pair >> 4) & splat_u8(15);
      store_u8v(planes + v * row, lower);
      store_u8v(planes + (v * row + VECTOR), upper);
      if (antipodal) {
        store_u8v(opposite + v * row, splat_u8(9) - lower);
        store_u8v(opposite + (v * row + VECTOR), splat_u8(9) - upper);
      }
    }
    tables += 48;
    planes += 2 * VECTOR;
    opposite += 2 * VECTOR;
  }
}

/* 16 planes of the first four taps, then 32 of the last five; tables: differing bits of four, [16, 16]. */
INLINE void respond_split(const uint8_t *tables, Taps taps, uint8_t *planes, size_t vectors) {
  for (int k = 0; k < 16; k++) {
    const u8v table = load_table(tables);
    for (size_t v = 0; v < vectors; v++) {
      const u8v four = look_up(table, taps.next[v]);
      uint8_t *to = planes + v * 48 * VECTOR;
      store_u8v(to, look_up(table, taps.first[v]));
      store_u8v(to + 16 * VECTOR, four + taps.last[v]);
      store_u8v(to + 32 * VECTOR, four + splat_u8(1) - taps.last[v]);
    }
    tables += 16;
    planes += VECTOR;
  }
}

/* Where picking stands: planes of some units, and which of them every output adds, [outputs, units * parts]. */
typedef struct {
  const uint8_t *planes, *picks;
  int units, outputs;
  /* [outputs, STRIP]; narrow sums hold what is not in the wide ones yet. */
  uint8_t *narrow;
  uint16_t *wide;
  int begin, end;
} Picking;

/*
 * Adds the planes that one output picks of one unit: `scale` bytes apart, which is VECTOR unless picks are offsets
 * already. Offsets are unsigned, so that they can become those of WebAssembly's loads.
 */
INLINE void add_picked(u8v *sums, const uint8_t *unit, const uint8_t *picks, size_t unit_planes, size_t scale,
                       int parts, size_t vectors) {
  const size_t row = unit_planes * VECTOR;
  const uint8_t *plane = unit + (size_t)picks[0] * scale;
  WHOLE(plane);
  for (size_t v = 0; v < vectors; v++) sums[v] += load_u8v(plane + v * row);
  if (parts == 1) return;
  const uint8_t *other = unit + (size_t)picks[1] * scale;
  WHOLE(other);
  for (size_t v = 0; v < vectors; v++) sums[v] += load_u8v(other + (16 * VECTOR + v * row));
}

INLINE void pick(const Picking *picking, size_t unit_planes, size_t scale, int parts, size_t vectors) {
  const Picking p = *picking;
  const uint8_t *picks = p.picks;
  uint8_t *narrow = p.narrow;
  uint16_t *wide = p.wide;
  const size_t unit_bytes = unit_planes * STRIP;
  for (int o = 0; o < p.outputs; o++) {
    u8v sums[VECTORS];
    for (size_t v = 0; v < vectors; v++) sums[v] = p.begin ? (u8v){} : load_u8v(narrow + v * VECTOR);
    const uint8_t *unit = p.planes;
    int u = 0;
#define ADD(i) add_picked(sums, unit + i * unit_bytes, picks + i * parts, unit_planes, scale, parts, vectors)
    for (; u + 7 <= p.units; u += 7) {
      ADD(0);
      ADD(1);
      ADD(2);
      ADD(3);
      ADD(4);
      ADD(5);
      ADD(6);
      unit += 7 * unit_bytes;
      picks += 7 * parts;
    }
    for (; u < p.units; u++) {
      ADD(0);
      unit += unit_bytes;
      picks += parts;
    }
#undef ADD
    for (size_t v = 0; v < vectors; v++) {
      if (p.end) add_wide(wide + v * VECTOR, sums[v]);
      else store_u8v(narrow + v * VECTOR, sums[v]);
    }
    narrow += STRIP;
    wide += STRIP;
  }
}

/* Both steps for each number of vectors that a strip may fill, and picking for the common subsets. */
#define STEPS(vectors)                                                                              \
  APART void respond_##vectors(const uint8_t *tables, const uint8_t *codes, const int32_t *starts,  \
                               uint8_t *planes, int responses, int antipodal) {                     \
    const Taps taps =                                                                               \
        load_taps(codes + starts[0], codes + starts[1], codes + starts[2], vectors);                \
    if (responses == 0) respond_split(tables, taps, planes, vectors);                               \
    else if (antipodal) respond(tables, taps, planes, responses, 1, vectors);                       \
    else respond(tables, taps, planes, responses, 0, vectors);                                      \
  }                                                                                                 \
  APART void pick_##vectors(const Picking *picking, size_t unit_planes) {                              \
    if (unit_planes == OFFSET_PLANES) pick(picking, OFFSET_PLANES, 1, 1, vectors);                  \
    else if (unit_planes == 16) pick(picking, 16, VECTOR, 1, vectors);                              \
    else if (unit_planes == 32) pick(picking, 32, VECTOR, 1, vectors);                              \
    else if (unit_planes == 48) pick(picking, 48, VECTOR, 2, vectors);                              \
    else pick(picking, unit_planes, VECTOR, 1, vectors);                                            \
  }
STEPS(1)
STEPS(2)
STEPS(3)
STEPS(4)
#undef STEPS

/* [outputs, STRIP] to [STRIP, outputs], eight by eight. */
APART void transpose_sums(const uint16_t *from, uint16_t *to, int outputs, int positions) {
  for (int o = 0; o < outputs; o += 8) {
    for (int p = 0; p < positions; p += 8) {
      u16x8 a[8], b[8];
      for (int i = 0; i < 8; i++) a[i] = load_u16x8(from + (o + i) * STRIP + p);
      for (int step = 0; step < 3; step++) {
        for (int i = 0; i < 4; i++) {
          b[2 * i] = low_shorts(a[i], a[i + 4]);
          b[2 * i + 1] = high_shorts(a[i], a[i + 4]);
        }
        for (int i = 0; i < 8; i++) a[i] = b[i];
      }
      for (int i = 0; i < 8; i++) store_u16x8(to + (p + i) * outputs + o, a[i]);
    }
  }
}

/* codes: [channels, channel_bytes], at the first position of the strip. */
static void convolve_by_planes(const Conv *conv, const uint8_t *codes, const uint8_t *constants,
                               uint8_t *scratch, uint16_t *counts, int positions) {
  const int parts = conv->kind == SPLIT_PLANES ? 2 : 1;
  const size_t unit_planes = parts == 2 ? 48 : conv->responses << conv->antipodal;
  const int vectors = (positions + VECTOR - 1) / VECTOR;
  const int32_t starts[3] = {row_start(conv, 0, 1), row_start(conv, 1, 1), row_start(conv, 2, 1)};
  Picking picking = {.outputs = conv->outputs, .picks = constants + conv->weights};
  picking.wide = (uint16_t *)scratch;
  picking.narrow = scratch + 2 * STRIP * conv->out_channels;
  uint8_t *planes = picking.narrow + STRIP * conv->out_channels;
  picking.planes = planes;
  clear_shorts(picking.wide, STRIP * conv->out_channels);
  for (int from = 0, visit = 0; from < conv->inputs; from += conv->chunk, visit++) {
    picking.units = smaller(conv->chunk, conv->inputs - from);
    for (int u = 0; u < picking.units; u++) {
      const uint8_t *channel = codes + (from + u) * channel_bytes(conv);
      uint8_t *to = planes + u * unit_planes * STRIP;
#define RESPOND(vectors) \
  respond_##vectors(constants + conv->tables, channel, starts, to, conv->responses, conv->antipodal)
      if (vectors == 1) RESPOND(1);
      else if (vectors == 2) RESPOND(2);
      else if (vectors == 3) RESPOND(3);
      else RESPOND(4);
    }
    picking.begin = visit % conv->chunks == 0;
    picking.end = visit % conv->chunks == conv->chunks - 1 || from + picking.units == conv->inputs;
    if (vectors == 1) pick_1(&picking, unit_planes);
    else if (vectors == 2) pick_2(&picking, unit_planes);
    else if (vectors == 3) pick_3(&picking, unit_planes);
    else pick_4(&picking, unit_planes);
    picking.picks += conv->outputs * picking.units * parts;
  }
  transpose_sums(picking.wide, counts, conv->out_channels, vectors * VECTOR);
}
