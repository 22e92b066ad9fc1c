/*
 * Convolutions and products of int16 values by int16 weights, two taps at a time: the stem, the 1x1 convolution
 * of a shortcut and the classifier.
 */
#pragma once

#include <stddef.h>

#include "conv.h"

/* `rows` rows of `pairs` pairs of taps; weights: [rows, pairs, channels, 2], an offset among the constants. */
typedef struct {
  int32_t rows, pairs, channels, weights;
} Dense;

/* Adds one pair of taps, `pair` behind `at`, to two vectors of outputs at each position. */
INLINE void add_pair(i32v sums[4][2], const int16_t *const *at, size_t pair, const int16_t *weights, int positions) {
  const i16v a = load_i16v(weights), b = load_i16v(weights + (size_t)SHORTS);
  for (int p = 0; p < positions; p++) {
    const i16v both = (i16v)splat_u32(load_u32(at[p] + 2 * pair));
    sums[p][0] += dot(both, a);
    sums[p][1] += dot(both, b);
  }
}

/* Two vectors of outputs at one or four positions; x is where the first position's window starts. */
INLINE void dense_tile(Dense dense, const int16_t *x, int step, int row_length, const int16_t *weights,
                       int32_t *out, int positions) {
  i32v sums[4][2];
  for (int p = 0; p < positions; p++) sums[p][0] = sums[p][1] = splat_i32(0);
  for (int row = 0; row < dense.rows; row++) {
    const int16_t *at[4];
    for (int p = 0; p < positions; p++) at[p] = x + p * step;
    int pair = 0;
    for (; pair + 2 <= dense.pairs; pair += 2) {
      add_pair(sums, at, 0, weights, positions);
      weights += 2 * dense.channels;
      add_pair(sums, at, 1, weights, positions);
      weights += 2 * dense.channels;
      for (int p = 0; p < positions; p++) {
        at[p] += 4;
        WHOLE(at[p]);
      }
    }
    if (pair < dense.pairs) {
      add_pair(sums, at, 0, weights, positions);
      weights += 2 * dense.channels;
    }
    x += row_length;
  }
  for (int p = 0; p < positions; p++) {
    for (int v = 0; v < 2; v++) store_i32v(out + p * dense.channels + v * INTS, sums[p][v]);
  }
}

APART void dense_four(Dense dense, const int16_t *x, int step, int row_length, const int16_t *weights,
                      int32_t *out) {
  dense_tile(dense, x, step, row_length, weights, out, 4);
}

APART void dense_one(Dense dense, const int16_t *x, int row_length, const int16_t *weights, int32_t *out) {
  dense_tile(dense, x, 0, row_length, weights, out, 1);
}

/* Sums of `positions` positions that are `step` values apart, [positions, channels]. */
static void dense_positions(Dense dense, const uint8_t *constants, const int16_t *x, int step, int row_length,
                            int32_t *out, int positions) {
  for (int o = 0; o < dense.channels; o += 2 * INTS) {
    const int16_t *weights = (const int16_t *)(constants + dense.weights) + 2 * o;
    int p = 0;
    for (; p + 4 <= positions; p += 4) {
      dense_four(dense, x + p * step, step, row_length, weights, out + p * dense.channels + o);
    }
    for (; p < positions; p++) {
      dense_one(dense, x + p * step, row_length, weights, out + p * dense.channels + o);
    }
  }
}
