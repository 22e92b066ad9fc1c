/* What stands between two convolutions: requantising, shortcuts, PReLU and pooling (docs/arithmetic.md). */
#pragma once

#include <stddef.h>

#include "conv.h"

/* (S(round(acc, pre_shift)) * multiplier[c] + offset[c]) >> shift; both are offsets of int32 constants. */
typedef struct {
  int32_t pre_shift, shift, multiplier, offset;
} Requantizer;

INLINE i32v larger_i32v(i32v a, i32v b) {
  const i32v mask = a > b;
  return (a & mask) | (b & ~mask);
}
INLINE i32v smaller_i32v(i32v a, i32v b) {
  const i32v mask = a < b;
  return (a & mask) | (b & ~mask);
}

INLINE i32v requantized(Requantizer q, const uint8_t *constants, i32v accumulators, int c) {
  const i32v half = splat_i32((1 << q.pre_shift) >> 1);
  const i32v multiplier = load_i32v(constants + q.multiplier + 4 * c);
  const i32v offset = load_i32v(constants + q.offset + 4 * c);
  const i32v rounded = (accumulators + half) >> q.pre_shift;
  const i32v factor = smaller_i32v(larger_i32v(rounded, splat_i32(-32768)), splat_i32(32767));
  return (factor * multiplier + offset) >> q.shift;
}

/* Accumulators of SHORTS channels from c on to int16. */
INLINE i16v requantize(Requantizer q, const uint8_t *constants, const int32_t *accumulators, int c) {
  return narrow(requantized(q, constants, load_i32v(accumulators), c),
                requantized(q, constants, load_i32v(accumulators + INTS), c + INTS));
}

static void requantize_all(Requantizer q, const uint8_t *constants, const int32_t *accumulators, int16_t *out,
                           int positions, int channels) {
  for (int p = 0; p < positions; p++) {
    for (int c = 0; c < channels; c += SHORTS) {
      store_i16v(out + c, requantize(q, constants, accumulators + c, c));
    }
    accumulators += channels;
    out += channels;
  }
}

/* What a block does to its accumulators: offsets of int16 constants. */
typedef struct {
  Requantizer requantizer;
  int32_t slope, shift_out;
} Activation;

/* S(u * slope + 2^11 >> 12) by sums of two products: u * slope + 1 * 2^11. */
INLINE i16v sloped(i16v u, i16v slope) {
  const i16v one = splat_i16(1), half = splat_i16(1 << 11);
  const i32v low = dot(pair_low(u, one), pair_low(slope, half)) >> 12;
  const i32v high = dot(pair_high(u, one), pair_high(slope, half)) >> 12;
  return narrow_pairs(low, high);
}

/* shortcut: NULL where there is none. */
static void activate(Activation a, const uint8_t *constants, const int32_t *accumulators,
                     const int16_t *shortcut, int16_t *out, int positions, int channels) {
  const int16_t *slope = (const int16_t *)(constants + a.slope);
  const int16_t *shift_out = (const int16_t *)(constants + a.shift_out);
  for (int p = 0; p < positions; p++) {
    for (int c = 0; c < channels; c += SHORTS) {
      const i16v q = requantize(a.requantizer, constants, accumulators + c, c);
      const i16v u = shortcut ? sum_saturated(q, load_i16v(shortcut + c)) : q;
      const i16v negative = u < splat_i16(0);
      const i16v v = (sloped(u, load_i16v(slope + c)) & negative) | (u & ~negative);
      store_i16v(out + c, sum_saturated(v, load_i16v(shift_out + c)));
    }
    accumulators += channels;
    if (shortcut) shortcut += channels;
    out += channels;
  }
}

/* The window of a row or column of max pooling of stride 2: 2 wide, or 3 wide with a padding of 1. */
INLINE Range pool_window(int i, int size, int length) {
  const int first = size == 3 && i > 0 ? 2 * i - 1 : 2 * i;
  return (Range){first, smaller(length, 2 * i + 2)};
}

/* One row of max pooling, [width, channels], of int16 or of int32. */
#define MAX_POOL_ROW(name, type, vector, lanes, larger_of)                                                 \
  static void name(const type *x, type *out, int size, int height, int width, int channels, int row) {     \
    const Range rows = pool_window(row, size, height);                                                     \
    for (int i = 0; i < (width + 1) / 2; i++) {                                                            \
      const Range columns = pool_window(i, size, width);                                                   \
      for (int c = 0; c < channels; c += lanes) {                                                          \
        vector most = load_##vector(x + (rows.first * width + columns.first) * channels + c);              \
        for (int y = rows.first; y < rows.end; y++) {                                                      \
          for (int j = columns.first; j < columns.end; j++) {                                              \
            most = larger_of(most, load_##vector(x + (y * width + j) * channels + c));                     \
          }                                                                                                \
        }                                                                                                  \
        store_##vector(out + c, most);                                                                     \
      }                                                                                                    \
      out += channels;                                                                                     \
    }                                                                                                      \
  }
MAX_POOL_ROW(max_pool_row, int16_t, i16v, SHORTS, larger)
MAX_POOL_ROW(max_pool_sums_row, int32_t, i32v, INTS, larger_i32v)
#undef MAX_POOL_ROW

/* One row of 2x2 average pooling of stride 2; beyond an edge the pixels inside count twice. */
static void average_pool_row(const int16_t *x, int16_t *out, int height, int width, int channels, int row) {
  const int16_t *upper = x + 2 * row * width * channels;
  const int16_t *lower = upper + (2 * row + 1 < height ? width * channels : 0);
  const i16v one = splat_i16(1);
  for (int column = 0; column < (width + 1) / 2; column++) {
    const int left = 2 * column * channels, right = left + (2 * column + 1 < width ? channels : 0);
    for (int c = 0; c < channels; c += SHORTS) {
      const i16v a = load_i16v(upper + left + c), b = load_i16v(upper + right + c);
      const i16v d = load_i16v(lower + left + c), e = load_i16v(lower + right + c);
      const i32v low = dot(pair_low(a, b), one) + dot(pair_low(d, e), one);
      const i32v high = dot(pair_high(a, b), one) + dot(pair_high(d, e), one);
      store_i16v(out + c, narrow_pairs((low + splat_i32(2)) >> 2, (high + splat_i32(2)) >> 2));
    }
    out += channels;
  }
}

/* S(round(round(sum, shift) * reciprocal, 14)) of channels first..end, multiples of a vector. */
static void global_average(const int16_t *x, int16_t *out, int positions, int channels, int shift,
                           int reciprocal, int first, int end) {
  const i16v one = splat_i16(1), none = splat_i16(0);
  const i32v half = splat_i32((1 << shift) >> 1), factor = splat_i32(reciprocal);
  for (int c = first; c < end; c += SHORTS) {
    i32v low = splat_i32(0), high = splat_i32(0);
    for (int p = 0; p < positions; p++) {
      const i16v value = load_i16v(x + p * channels + c);
      low += dot(pair_low(value, none), one);
      high += dot(pair_high(value, none), one);
    }
    low = (((low + half) >> shift) * factor + splat_i32(1 << 13)) >> 14;
    high = (((high + half) >> shift) * factor + splat_i32(1 << 13)) >> 14;
    store_i16v(out + c, narrow_pairs(low, high));
  }
}
