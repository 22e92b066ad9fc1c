/*
 * Convolutions of int16 activations by binary kernels. For a tile of positions, the responses of an input channel
 * to all members of the subset are computed once, a plane of an int32 a position each; every output adds the plane
 * that its index names. A response is the sum of three row planes: those of three neighbours in a row under all
 * patterns of signs. With 1 bit the kernel is split into its first four taps and its last five, a plane of each is
 * added.
 */
#pragma once

#include <stddef.h>

#include "codes.h"

enum {
  TILE_VECTORS = 4,
  /* Positions that are computed at a time. */
  TILE = TILE_VECTORS * INTS,
  ROW_PLANES = 3 * 8,
  SPLIT_VALUE_PLANES = 16 + 32,
  PLANE_BYTES = 4 * TILE
};

typedef int16_t i16h __attribute__((vector_size(VECTOR / 2)));
typedef i16h i16h_at __attribute__((aligned(1), may_alias));
typedef int32_t i32x4 __attribute__((vector_size(16)));
UNALIGNED(i32x4)

/* INTS values of 16 bits, widened. */
INLINE i32v load_wide(const int16_t *from) {
  return __builtin_convertvector(*(const i16h_at *)from, i32v);
}

/* What a convolution sees of one position to the left, in the middle and to the right: [3, channels]. */
INLINE int seen_values(const Conv *conv) { return 3 * conv->in_channels; }

/* S(x + shift) of the padded rows first..end of a map, 0 in the padding: [out_width, seen values] a row. */
static void encode_values(const Conv *conv, const int16_t *x, const int16_t *shift, int16_t *seen, int first,
                          int end) {
  const int channels = conv->in_channels;
  for (int row = first; row < end; row++) {
    const int outside = row == 0 || row == conv->height + 1;
    const int16_t *from = x + (row - 1) * conv->width * channels;
    int16_t *to = seen + slot_of_row(conv, row) * conv->out_width * seen_values(conv);
    for (int i = 0; i < 3 * conv->out_width; i++) {
      const int column = conv->stride * (i / 3) + i % 3 - 1;
      const int beyond = outside || column < 0 || column >= conv->width;
      for (int c = 0; c < channels; c += SHORTS) {
        const i16v none = splat_i16(0);
        const i16v value = beyond ? none : sum_saturated(load_i16v(from + column * channels + c), load_i16v(shift + c));
        store_i16v(to + c, value);
      }
      to += channels;
    }
  }
}

/* [positions, seen values] to [seen values, positions], eight by eight; first and end are multiples of 8. */
static void transpose_values(const Conv *conv, const int16_t *from, int16_t *to, int first, int end) {
  const int values = seen_values(conv), length = channel_bytes(conv);
  for (int position = first; position < end; position += 8) {
    for (int c = 0; c < values; c += 8) {
      u16x8 a[8], b[8];
      for (int i = 0; i < 8; i++) a[i] = load_u16x8(from + (position + i) * values + c);
      for (int step = 0; step < 3; step++) {
        for (int i = 0; i < 4; i++) {
          b[2 * i] = low_shorts(a[i], a[i + 4]);
          b[2 * i + 1] = high_shorts(a[i], a[i + 4]);
        }
        for (int i = 0; i < 8; i++) a[i] = b[i];
      }
      for (int i = 0; i < 8; i++) store_u16x8(to + (c + i) * length + position, a[i]);
    }
  }
}

/* One row's planes: bit i of a plane's number is 1 where neighbour i is added, 0 where it is subtracted. */
INLINE void respond_row(const int16_t *left, const int16_t *middle, const int16_t *right, uint8_t *planes,
                        size_t vectors) {
  for (size_t v = 0; v < vectors; v++) {
    const i32v a = load_wide(left + v * INTS), b = load_wide(middle + v * INTS);
    const i32v c = load_wide(right + v * INTS), sum = a + b, difference = a - b;
    const i32v signs[8] = {-(sum + c), difference - c, -(difference + c), sum - c,
                           c - sum, difference + c, c - difference, sum + c};
    for (int i = 0; i < 8; i++) store_i32v(planes + i * PLANE_BYTES + v * VECTOR, signs[i]);
  }
}

/* 16 planes of the first four taps, then 32 of the last five; left, middle and right: of the second row. */
INLINE void respond_halves(const uint8_t *rows, const int16_t *left, const int16_t *middle, const int16_t *right,
                           uint8_t *planes, size_t vectors) {
  for (size_t v = 0; v < vectors; v++) {
    const i32v a = load_wide(left + v * INTS), b = load_wide(middle + v * INTS);
    const i32v c = load_wide(right + v * INTS);
    const i32v pairs[4] = {-(b + c), b - c, c - b, b + c};
    for (int i = 0; i < 8; i++) {
      uint8_t *to = planes + v * VECTOR + i * PLANE_BYTES;
      const i32v first = load_i32v(rows + i * PLANE_BYTES + v * VECTOR);
      const i32v last = load_i32v(rows + (16 + i) * PLANE_BYTES + v * VECTOR);
      store_i32v(to, first - a);
      store_i32v(to + 8 * PLANE_BYTES, first + a);
      for (int j = 0; j < 4; j++) store_i32v(to + (16 + 3 * i + j) * PLANE_BYTES, pairs[j] + last);
    }
  }
}

/* Planes of a subset, out of row planes; codes: three numbers of row planes a member. */
INLINE void respond_members(const uint8_t *codes, const uint8_t *rows, uint8_t *planes, int responses,
                            int antipodal, size_t vectors) {
  uint8_t *opposite = planes + responses * PLANE_BYTES;
  for (int k = 0; k < responses; k++) {
    const uint8_t *a = rows + codes[0] * PLANE_BYTES, *b = rows + codes[1] * PLANE_BYTES;
    const uint8_t *c = rows + codes[2] * PLANE_BYTES;
    for (size_t v = 0; v < vectors; v++) {
      const size_t at = v * VECTOR;
      const i32v sum = load_i32v(a + at) + load_i32v(b + at) + load_i32v(c + at);
      store_i32v(planes + at, sum);
      if (antipodal) store_i32v(opposite + at, -sum);
    }
    codes += 3;
    planes += PLANE_BYTES;
    opposite += PLANE_BYTES;
  }
}

/* Planes of some input channels, and which of them every output adds, [outputs, channels * parts]. */
typedef struct {
  const uint8_t *planes, *picks;
  size_t unit_bytes;
  int units, outputs;
  /* [outputs, TILE]; they start from 0 where it is the first time. */
  int32_t *sums;
  int begin;
} ValuePicking;

INLINE void pick_values(const ValuePicking *picking, int parts, size_t vectors) {
  const ValuePicking p = *picking;
  const uint8_t *picks = p.picks;
  int32_t *to = p.sums;
  for (int o = 0; o < p.outputs; o++) {
    i32v sums[TILE_VECTORS];
    for (size_t v = 0; v < vectors; v++) sums[v] = p.begin ? splat_i32(0) : load_i32v(to + v * INTS);
    const uint8_t *unit = p.planes;
    for (int u = 0; u < p.units; u++) {
      for (int part = 0; part < parts; part++) {
        const uint8_t *plane = unit + (size_t)picks[part] * PLANE_BYTES;
        WHOLE(plane);
        for (size_t v = 0; v < vectors; v++) sums[v] += load_i32v(plane + v * VECTOR);
      }
      unit += p.unit_bytes;
      picks += parts;
    }
    for (size_t v = 0; v < vectors; v++) store_i32v(to + v * INTS, sums[v]);
    to += TILE;
  }
}

/* seen: the channel's values at the tile's first position; columns are `column` values apart. */
typedef struct {
  const int16_t *seen;
  size_t column;
  size_t starts[3];
} TileOfChannel;

#define VALUE_STEPS(vectors)                                                                                   \
  APART void respond_values_##vectors(const Conv *conv, const uint8_t *codes, TileOfChannel tile,              \
                                      uint8_t *planes) {                                                       \
    uint8_t rows[ROW_PLANES * PLANE_BYTES];                                                                    \
    const int16_t *middle = tile.seen + tile.starts[1] + tile.column;                                          \
    for (int ky = 0; ky < 3; ky++) {                                                                           \
      const int16_t *left = tile.seen + tile.starts[ky];                                                       \
      respond_row(left, left + tile.column, left + 2 * tile.column, rows + ky * 8 * PLANE_BYTES, vectors);     \
    }                                                                                                          \
    if (conv->kind == VALUE_SPLIT)                                                                             \
      respond_halves(rows, middle - tile.column, middle, middle + tile.column, planes, vectors);               \
    else if (conv->antipodal) respond_members(codes, rows, planes, conv->responses, 1, vectors);                    \
    else respond_members(codes, rows, planes, conv->responses, 0, vectors);                                    \
  }                                                                                                            \
  APART void pick_values_##vectors(const ValuePicking *picking, int parts) {                                   \
    if (parts == 1) pick_values(picking, 1, vectors);                                                          \
    else pick_values(picking, 2, vectors);                                                                     \
  }
VALUE_STEPS(1)
VALUE_STEPS(2)
VALUE_STEPS(3)
VALUE_STEPS(4)
#undef VALUE_STEPS

/* [outputs, TILE] to [positions, outputs], four by four; outputs is a multiple of 4. */
APART void transpose_tile(const int32_t *from, int32_t *to, int outputs, int positions) {
  for (int o = 0; o < outputs; o += 4) {
    for (int p = 0; p < positions; p += 4) {
      i32x4 a[4], b[4];
      for (int i = 0; i < 4; i++) a[i] = load_i32x4(from + (o + i) * TILE + p);
      for (int step = 0; step < 2; step++) {
        for (int i = 0; i < 2; i++) {
          b[2 * i] = INTERLEAVE(a[i], a[i + 2], 0, 4, 1, 5);
          b[2 * i + 1] = INTERLEAVE(a[i], a[i + 2], 2, 6, 3, 7);
        }
        for (int i = 0; i < 4; i++) a[i] = b[i];
      }
      for (int i = 0; i < 4 && p + i < positions; i++) store_i32x4(to + (p + i) * outputs + o, a[i]);
    }
  }
}

/* Accumulators of one tile, [positions, channels]; seen: [seen values, positions], at its first position. */
static void convolve_tile(const Conv *conv, const int16_t *seen, const uint8_t *constants, uint8_t *scratch,
                          int32_t *accumulators, int positions) {
  const int parts = conv->kind == VALUE_SPLIT ? 2 : 1, vectors = (positions + INTS - 1) / INTS;
  const size_t length = (size_t)channel_bytes(conv);
  const size_t unit_planes = parts == 2 ? SPLIT_VALUE_PLANES : (size_t)conv->responses << conv->antipodal;
  const uint8_t *codes = constants + conv->tables;
  TileOfChannel tile = {.column = length * (size_t)conv->in_channels};
  for (int ky = 0; ky < 3; ky++) tile.starts[ky] = (size_t)row_start(conv, ky, 1);
  ValuePicking picking = {.picks = constants + conv->weights, .outputs = conv->outputs, .begin = 1};
  picking.sums = (int32_t *)scratch;
  picking.unit_bytes = unit_planes * PLANE_BYTES;
  uint8_t *planes = scratch + conv->out_channels * PLANE_BYTES;
  picking.planes = planes;
  for (int i = conv->outputs * TILE; i < conv->out_channels * TILE; i++) picking.sums[i] = 0;
  for (int from = 0; from < conv->inputs; from += conv->chunk) {
    picking.units = smaller(conv->chunk, conv->inputs - from);
    for (int u = 0; u < picking.units; u++) {
      tile.seen = seen + (size_t)(from + u) * length;
      uint8_t *to = planes + (size_t)u * picking.unit_bytes;
      if (vectors == 1) respond_values_1(conv, codes, tile, to);
      else if (vectors == 2) respond_values_2(conv, codes, tile, to);
      else if (vectors == 3) respond_values_3(conv, codes, tile, to);
      else respond_values_4(conv, codes, tile, to);
    }
    if (vectors == 1) pick_values_1(&picking, parts);
    else if (vectors == 2) pick_values_2(&picking, parts);
    else if (vectors == 3) pick_values_3(&picking, parts);
    else pick_values_4(&picking, parts);
    picking.picks += conv->outputs * picking.units * parts;
    picking.begin = 0;
  }
  transpose_tile(picking.sums, accumulators, conv->out_channels, positions);
}

/* Accumulators of positions first.., [positions, channels]. */
static void convolve_values(const Conv *conv, const int16_t *seen, const uint8_t *constants, uint8_t *scratch,
                            int32_t *accumulators, int first, int positions) {
  for (int at = 0; at < positions; at += TILE) {
    convolve_tile(conv, seen + first + at, constants, scratch, accumulators + at * conv->out_channels,
                  smaller(TILE, positions - at));
  }
}
