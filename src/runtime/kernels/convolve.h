/* One strip of a binary convolution by the kernel that its plan chose. */
#pragma once

#include "lookup.h"
#include "planes.h"
#include "popcount.h"
#include "values.h"

/*
 * Adds what -1 beyond the edge took away where the convolution pads with 0: edges are the sums of all weights
 * under a tap, [9, channels].
 */
static void pad_with_zero(const Conv *conv, const int32_t *edges, int32_t *accumulators, int first,
                          int positions) {
  for (int p = 0; p < positions; p++) {
    const int y = (first + p) / conv->out_width, x = (first + p) % conv->out_width;
    for (int tap = 0; tap < 9; tap++) {
      const int row = conv->stride * y + tap / 3 - 1, column = conv->stride * x + tap % 3 - 1;
      if (row >= 0 && row < conv->height && column >= 0 && column < conv->width) continue;
      for (int o = 0; o < conv->out_channels; o++) {
        accumulators[p * conv->out_channels + o] += edges[tap * conv->out_channels + o];
      }
    }
  }
}

/* Accumulators of positions first.., [positions, channels]; at most STRIP positions. */
static void convolve_strip(const Conv *conv, const uint8_t *codes, const uint8_t *constants,
                           uint8_t *scratch, int32_t *accumulators, int first, int positions) {
  if (conv->kind >= VALUE_PLANES) {
    convolve_values(conv, (const int16_t *)codes, constants, scratch, accumulators, first, positions);
    return;
  }
  const int values = positions * conv->out_channels;
  uint16_t *counts = (uint16_t *)scratch;
  uint8_t *rest = scratch + 2 * STRIP * conv->out_channels;
  switch (conv->kind) {
    case PLANES:
    case SPLIT_PLANES:
      convolve_by_planes(conv, codes + first, constants, scratch, accumulators, positions);
      break;
    case LOOKUP:
      convolve_by_lookup(conv, codes + first * conv->in_channels, constants, rest, counts, first, positions);
      accumulate_all(conv, counts, accumulators, values);
      break;
    case NIBBLES:
      convolve_by_lookup(conv, codes, constants, rest, counts, first, positions);
      accumulate_all(conv, counts, accumulators, values);
      break;
    case POPCOUNT:
      convolve_by_popcount(conv, codes, constants, rest, counts, first, positions);
      accumulate_all(conv, counts, accumulators, values);
      break;
  }
  if (conv->edges >= 0) {
    pad_with_zero(conv, (const int32_t *)(constants + conv->edges), accumulators, first, positions);
  }
}
