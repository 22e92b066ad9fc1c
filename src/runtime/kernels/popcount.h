/* The plain binary convolution: bits that differ between a window and a kernel, 32 channels a word. */
#pragma once

#include "codes.h"

/* Sums of the four bytes of every lane. */
INLINE u32v sum_bytes(u32v v) {
  const u32v pairs = (v & splat_u32(0xff00ff)) + ((v >> 8) & splat_u32(0xff00ff));
  return (pairs + (pairs >> 16)) & splat_u32(0xffff);
}

/* windows: [positions, words]; weights: [words, channels], every word in a lane of its output. */
INLINE void popcount_tile(const uint32_t *windows, int words, const uint32_t *weights, int channels,
                          int chunk, uint16_t *counts, int positions, int vectors) {
  u32v totals[2][4];
  for (int p = 0; p < positions; p++) {
    for (int v = 0; v < vectors; v++) totals[p][v] = splat_u32(0);
  }
  for (int from = 0; from < words; from += chunk) {
    u8v sums[2][4];
    for (int p = 0; p < positions; p++) {
      for (int v = 0; v < vectors; v++) sums[p][v] = splat_u8(0);
    }
    const int end = smaller(words, from + chunk);
    for (int w = from; w < end; w++) {
      for (int v = 0; v < vectors; v++) {
        const u32v kernel = load_u32v(weights + w * channels + v * INTS);
        for (int p = 0; p < positions; p++) {
          sums[p][v] += popcounts((u8v)(kernel ^ splat_u32(windows[p * words + w])));
        }
      }
    }
    for (int p = 0; p < positions; p++) {
      for (int v = 0; v < vectors; v++) totals[p][v] += sum_bytes((u32v)sums[p][v]);
    }
  }
  for (int p = 0; p < positions; p++) {
    for (int v = 0; v < vectors; v++) {
      for (int i = 0; i < INTS; i++) counts[p * channels + v * INTS + i] = (uint16_t)totals[p][v][i];
    }
  }
}

INLINE void convolve_by_popcount(const Conv *conv, const uint8_t *codes, const uint8_t *constants,
                                 uint8_t *scratch, uint16_t *counts, int first, int positions) {
  const int per_pixel = (conv->in_channels + 31) / 32, words = 9 * per_pixel;
  const uint32_t *map = (const uint32_t *)codes;
  uint32_t *windows = (uint32_t *)scratch, *to = windows;
  for (int p = 0; p < positions; p++) {
    const int y = (first + p) / conv->out_width, x = (first + p) % conv->out_width;
    for (int ky = 0; ky < 3; ky++) {
      const uint32_t *from =
          map + ((conv->stride * y + ky) * (conv->width + 2) + conv->stride * x) * per_pixel;
      for (int i = 0; i < 3 * per_pixel; i++) *to++ = from[i];
    }
  }
  const uint32_t *weights = (const uint32_t *)(constants + conv->weights);
  const int channels = conv->out_channels;
  for (int p = 0; p < positions; p += 2) {
    for (int o = 0; o < channels; o += 4 * INTS) {
      popcount_tile(windows + p * words, words, weights + o, channels, conv->chunk,
                    counts + p * channels + o, 2, 4);
    }
  }
}
