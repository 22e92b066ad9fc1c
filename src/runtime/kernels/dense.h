/*
 * Convolutions and products of int16 values by int16 weights, two taps at a time: the stem, the 1x1 convolution
 * of a shortcut and the classifier.
 */
#pragma once

#include "conv.h"

/* `rows` rows of `pairs` pairs of taps; weights: [rows, pairs, channels, 2], an offset among the constants. */
typedef struct {
  int32_t rows, pairs, channels, weights;
} Dense;

INLINE void dense_tile(const Dense *dense, const int16_t *x, int step, int row_length, const int16_t *weights,
                       int32_t *out, int positions, int vectors) {
  i32v sums[4][4];
  for (int p = 0; p < positions; p++) {
    for (int v = 0; v < vectors; v++) sums[p][v] = splat_i32(0);
  }
  for (int row = 0; row < dense->rows; row++) {
    for (int pair = 0; pair < dense->pairs; pair++) {
      i16v weight[4];
      for (int v = 0; v < vectors; v++) weight[v] = load_i16v(weights + v * SHORTS);
      for (int p = 0; p < positions; p++) {
        const i16v both = (i16v)splat_u32(load_u32(x + p * step + 2 * pair));
        for (int v = 0; v < vectors; v++) sums[p][v] += dot(both, weight[v]);
      }
      weights += 2 * dense->channels;
    }
    x += row_length;
  }
  for (int p = 0; p < positions; p++) {
    for (int v = 0; v < vectors; v++) store_i32v(out + p * dense->channels + v * INTS, sums[p][v]);
  }
}

/* Sums of `positions` positions that are `step` values apart, [positions, channels]. */
static void dense_positions(const Dense *dense, const uint8_t *constants, const int16_t *x, int step,
                            int row_length, int32_t *out, int positions) {
  for (int o = 0; o < dense->channels; o += 2 * INTS) {
    const int16_t *weights = (const int16_t *)(constants + dense->weights) + 2 * o;
    int p = 0;
    for (; p + 4 <= positions; p += 4) {
      dense_tile(dense, x + p * step, step, row_length, weights, out + p * dense->channels + o, 4, 2);
    }
    for (; p < positions; p++) {
      dense_tile(dense, x + p * step, step, row_length, weights, out + p * dense->channels + o, 1, 2);
    }
  }
}
