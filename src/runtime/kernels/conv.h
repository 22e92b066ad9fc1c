/* A binary 3x3 convolution as the kernels see it. All numbers are 32 bits; runtime/binary-conv.ts writes them. */
#pragma once

#include "simd.h"

/* The last two are for activations of 16 bits, the others for binary ones. */
enum Kind { PLANES, SPLIT_PLANES, LOOKUP, NIBBLES, POPCOUNT, VALUE_PLANES, VALUE_SPLIT };

/* Positions that are computed at a time. */
enum { STRIP = 4 * VECTOR };

typedef struct {
  int32_t kind;
  int32_t height, width, out_height, out_width, stride;
  int32_t inputs, outputs;
  /* Channels of a stored map: filled up to whole vectors. */
  int32_t in_channels, out_channels;
  /* Responses computed for a unit: members, or half of them where the others are their complements; even. */
  int32_t responses;
  int32_t antipodal;
  /* Units between two visits of the sums, and such visits between two of the wide sums. */
  int32_t chunk, chunks;
  /* Offsets among the constants; edges is -1 where the padding is -1. */
  int32_t tables, weights, biases, edges;
} Conv;

/*
 * Bits that differ are counted by bytes, 9 a channel at most; wider sums take them over in time: those of even
 * bytes, then those of odd ones.
 */
INLINE void add_wide(uint16_t *to, u8v sums) {
  store_u16v(to, load_u16v(to) + ((u16v)sums & 255));
  store_u16v(to + SHORTS, load_u16v(to + SHORTS) + ((u16v)sums >> 8));
}

/* Accumulators of eight counts of bits that differ. */
INLINE void accumulate(const Conv *conv, u16x8 differing, int32_t *to) {
  store_i32x8(to, 9 * conv->inputs - 2 * __builtin_convertvector(differing, i32x8));
}

INLINE void accumulate_all(const Conv *conv, const uint16_t *differing, int32_t *to, int count) {
  for (int i = 0; i < count; i += 8) accumulate(conv, load_u16x8(differing + i), to + i);
}

INLINE void clear_shorts(uint16_t *to, int count) {
  for (int i = 0; i < count; i += SHORTS) store_u16v(to + i, (u16v){});
}

INLINE int smaller(int a, int b) { return a < b ? a : b; }

/* The share of 0..count that one of `parts` threads takes, in whole multiples of `unit`. */
typedef struct {
  int first, end;
} Range;

INLINE Range share(int count, int unit, int part, int parts) {
  const int units = (count + unit - 1) / unit;
  return (Range){smaller(units * part / parts * unit, count), smaller(units * (part + 1) / parts * unit, count)};
}
