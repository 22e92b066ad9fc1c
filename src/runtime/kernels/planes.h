/*
 * Response planes. For a strip of positions, the responses of an input channel to all members of the subset are
 * computed once, a plane of one byte a position each; every output adds the plane that its index names.
 * With 1 bit the kernel is split into its first four taps and its last five, a plane of each is added.
 */
#pragma once

#include <stddef.h>

#include "codes.h"

enum { VECTORS = STRIP / VECTOR };

/* What a strip sees of a channel: the first four taps, the next four, and the last one. */
typedef struct {
  u8v first[VECTORS], next[VECTORS], last[VECTORS];
} Taps;

INLINE Taps load_taps(const uint8_t *codes, const int32_t *starts, size_t vectors) {
  Taps taps;
  for (size_t v = 0; v < vectors; v++) {
    const uint8_t *at = codes + v * VECTOR;
    const u8v a = load_u8v(at + starts[0]), b = load_u8v(at + starts[1]), c = load_u8v(at + starts[2]);
    taps.first[v] = a | (u8v)((u16v)(b & splat_u8(1)) << 3);
    taps.next[v] = (u8v)((u16v)(b & splat_u8(6)) >> 1) | (u8v)((u16v)(c & splat_u8(3)) << 2);
    taps.last[v] = (u8v)((u16v)(c & splat_u8(4)) >> 2);
  }
  return taps;
}

/*
 * Responses are computed two by two, one in each half of a byte: they are 9 at most. A pair's table is the bits that
 * differ among the first four taps, [16], among the next four, [16], and the last taps of both, 16 times.
 */
INLINE void respond(const uint8_t *tables, Taps taps, uint8_t *planes, int responses, int antipodal,
                    size_t vectors) {
  const size_t row = STRIP;
  for (size_t v = 0; v < vectors; v++) taps.last[v] |= (u8v)((u16v)taps.last[v] << 4);
  uint8_t *opposite = planes + (size_t)responses * row;
  for (int k = 0; k < responses; k += 2) {
    const u8v first = load_table(tables), next = load_table(tables + 16), last = load_table(tables + 32);
    for (size_t v = 0; v < vectors; v++) {
      const u8v pair = look_up(first, taps.first[v]) + look_up(next, taps.next[v]) + (taps.last[v] ^ last);
      const u8v lower = pair & splat_u8(15), upper = (u8v)((u16v)pair >> 4) & splat_u8(15);
      store_u8v(planes + v * VECTOR, lower);
      store_u8v(planes + (row + v * VECTOR), upper);
      if (antipodal) {
        store_u8v(opposite + v * VECTOR, splat_u8(9) - lower);
        store_u8v(opposite + (row + v * VECTOR), splat_u8(9) - upper);
      }
    }
    tables += 48;
    planes += 2 * row;
    opposite += 2 * row;
  }
}

/* 16 planes of the first four taps, then 32 of the last five; tables: differing bits of four, [16, 16]. */
INLINE void respond_split(const uint8_t *tables, Taps taps, uint8_t *planes, size_t vectors) {
  const size_t row = STRIP;
  for (int k = 0; k < 16; k++) {
    const u8v table = load_table(tables);
    for (size_t v = 0; v < vectors; v++) {
      const u8v four = look_up(table, taps.next[v]);
      store_u8v(planes + v * VECTOR, look_up(table, taps.first[v]));
      store_u8v(planes + (16 * row + v * VECTOR), four + taps.last[v]);
      store_u8v(planes + (32 * row + v * VECTOR), four + splat_u8(1) - taps.last[v]);
    }
    tables += 16;
    planes += row;
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

/* Bytes that picks among so many planes count in: 8, which an address is made of in one step, or a whole plane. */
INLINE size_t pick_scale(size_t planes) { return planes * (STRIP / 8) <= 256 ? 8 : STRIP; }

/* Offsets are unsigned, so that they can become those of WebAssembly's loads. */
INLINE void add_plane(u8v *sums, const uint8_t *plane, size_t vectors) {
  WHOLE(plane);
  for (size_t v = 0; v < vectors; v++) sums[v] += load_u8v(plane + v * VECTOR);
}

/*
 * Adds what every output picks. Planes are added two by two, of a unit's two parts or of two units: V8 loads all
 * vectors between two branches before it adds any, and those of more planes do not fit in its registers.
 */
INLINE void pick(const Picking *picking, size_t planes, int parts, size_t vectors) {
  const Picking p = *picking;
  const size_t unit_bytes = planes * STRIP, scale = pick_scale(parts == 2 ? 32 : planes);
  const size_t other = parts == 2 ? 16 * STRIP : unit_bytes, both = parts == 2 ? unit_bytes : 2 * unit_bytes;
  const uint8_t *picks = p.picks;
  uint8_t *narrow = p.narrow;
  uint16_t *wide = p.wide;
  for (int o = 0; o < p.outputs; o++) {
    u8v sums[VECTORS];
    for (size_t v = 0; v < vectors; v++) sums[v] = p.begin ? (u8v){} : load_u8v(narrow + v * VECTOR);
    const uint8_t *unit = p.planes, *end = picks + p.units * parts;
    if (parts == 1 && p.units % 2 == 1) {
      add_plane(sums, unit + *picks++ * scale, vectors);
      unit += unit_bytes;
    }
#define ADD_TWO                                                              \
  add_plane(sums, unit + picks[0] * scale, vectors);                         \
  add_plane(sums, unit + (other + picks[(size_t)1] * scale), vectors);       \
  unit += both;                                                              \
  picks += 2
    while (picks != end) {
      ADD_TWO;
      if (picks == end) break;
      ADD_TWO;
    }
#undef ADD_TWO
    for (size_t v = 0; v < vectors; v++) {
      if (p.end) add_wide(wide + v * VECTOR, sums[v]);
      else store_u8v(narrow + v * VECTOR, sums[v]);
    }
    narrow += STRIP;
    wide += STRIP;
  }
}

/* Both steps for each number of vectors that a strip may fill, and picking for the common subsets. */
#define STEPS(vectors)                                                                                    \
  APART void respond_##vectors(const Conv *conv, const uint8_t *tables, const uint8_t *codes,             \
                               const int32_t *starts, uint8_t *planes) {                                  \
    const Taps taps = load_taps(codes, starts, vectors);                                                  \
    if (conv->kind == SPLIT_PLANES) respond_split(tables, taps, planes, vectors);                         \
    else if (conv->antipodal) respond(tables, taps, planes, conv->responses, 1, vectors);                 \
    else respond(tables, taps, planes, conv->responses, 0, vectors);                                      \
  }                                                                                                       \
  APART void pick_##vectors(const Picking *picking, size_t planes, int parts) {                           \
    if (parts == 2) pick(picking, 48, 2, vectors);                                                        \
    else if (planes == 16) pick(picking, 16, 1, vectors);                                                 \
    else if (planes == 32) pick(picking, 32, 1, vectors);                                                 \
    else if (planes == 64) pick(picking, 64, 1, vectors);                                                 \
    else pick(picking, planes, 1, vectors);                                                               \
  }
STEPS(1)
STEPS(2)
STEPS(3)
STEPS(4)
#undef STEPS

/* Calls the step for so many vectors. */
#define STEP(name, vectors, ...)                   \
  do {                                             \
    if (vectors == 1) name##_1(__VA_ARGS__);       \
    else if (vectors == 2) name##_2(__VA_ARGS__);  \
    else if (vectors == 3) name##_3(__VA_ARGS__);  \
    else name##_4(__VA_ARGS__);                    \
  } while (0)

/* Accumulators of eight outputs from o on at eight positions: those whose wide sums start with the p-th. */
INLINE void transpose_block(const Conv *conv, const uint16_t *wide, int32_t *accumulators, int positions, int o,
                            int p) {
  u16x8 a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = load_u16x8(wide + (o + i) * STRIP + p);
  for (int step = 0; step < 3; step++) {
    for (int i = 0; i < 4; i++) {
      b[2 * i] = low_shorts(a[i], a[i + 4]);
      b[2 * i + 1] = high_shorts(a[i], a[i + 4]);
    }
    for (int i = 0; i < 8; i++) a[i] = b[i];
  }
  const int first = p / VECTOR * VECTOR + 2 * (p % SHORTS) + p / SHORTS % 2;
  for (int i = 0; i < 8 && first + 2 * i < positions; i++) {
    accumulate(conv, a[i], accumulators + (first + 2 * i) * conv->out_channels + o);
  }
}

/* [outputs, STRIP], as add_wide has each vector, to accumulators, [positions, outputs]: by lines of the cache. */
APART void transpose_sums(const Conv *conv, const uint16_t *wide, int32_t *accumulators, int positions,
                          int vectors) {
  for (int o = 0; o < conv->out_channels; o += 16) {
    for (int p = 0; p < vectors * VECTOR; p += 8) {
      transpose_block(conv, wide, accumulators, positions, o, p);
      transpose_block(conv, wide, accumulators, positions, o + 8, p);
    }
  }
}

/* codes: [channels, channel_bytes], at the first position of the strip. */
static void convolve_by_planes(const Conv *conv, const uint8_t *codes, const uint8_t *constants,
                               uint8_t *scratch, int32_t *accumulators, int positions) {
  const int parts = conv->kind == SPLIT_PLANES ? 2 : 1;
  const int vectors = (positions + VECTOR - 1) / VECTOR;
  const int32_t starts[3] = {row_start(conv, 0, 1), row_start(conv, 1, 1), row_start(conv, 2, 1)};
  const size_t unit_planes = parts == 2 ? 48 : (size_t)conv->responses << conv->antipodal;
  uint16_t *wide = (uint16_t *)scratch;
  uint8_t *narrow = scratch + 2 * STRIP * conv->out_channels, *planes = narrow + STRIP * conv->out_channels;
  Picking picking = {
      .planes = planes,
      .picks = constants + conv->weights,
      .outputs = conv->outputs,
      .narrow = narrow,
      .wide = wide,
  };
  clear_shorts(wide, STRIP * conv->out_channels);
  for (int from = 0, visit = 0; from < conv->inputs; from += conv->chunk, visit++) {
    picking.units = smaller(conv->chunk, conv->inputs - from);
    for (int u = 0; u < picking.units; u++) {
      STEP(respond, vectors, conv, constants + conv->tables, codes + (from + u) * channel_bytes(conv), starts,
           planes + u * unit_planes * STRIP);
    }
    picking.begin = visit % conv->chunks == 0;
    picking.end = visit % conv->chunks == conv->chunks - 1 || from + picking.units == conv->inputs;
    STEP(pick, vectors, &picking, unit_planes, parts);
    picking.picks += conv->outputs * picking.units * parts;
  }
  transpose_sums(conv, wide, accumulators, positions, vectors);
}
