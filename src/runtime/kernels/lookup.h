/*
 * Table look-up over outputs. What an input unit sees picks a row of a table, one response a member; one look-up
 * by the indices of a vector of outputs gives the responses that they want. A unit is an input channel with
 * its 9-bit window; with 1 bit it is four channels under one tap and the members are all 16 patterns.
 */
#pragma once

#include "codes.h"

/*
 * Rows are 16 bytes, with 32 members two of them, and of those the second holds what indices with the top bit
 * want. `signs`: indices with bit 6 want 9 minus the response; a bias makes up for ~r being short of it by 10.
 */
INLINE void look_up_tile(const uint8_t *rows, const uint16_t *codes, int code_stride, const uint8_t *indices,
                         int index_stride, int units, const uint8_t *biases, uint16_t *counts,
                         int count_stride, int tables, int signs, int positions, int vectors) {
  u8v sums[4][4];
  for (int v = 0; v < vectors; v++) {
    const u8v start = signs ? load_u8v(biases + v * VECTOR) : (u8v){};
    for (int p = 0; p < positions; p++) sums[p][v] = start;
  }
  for (int u = 0; u < units; u++) {
    u8v index[4], sign[4];
    for (int v = 0; v < vectors; v++) {
      const u8v stored = load_u8v(indices + v * VECTOR);
      index[v] = signs ? four_bits(stored) : stored;
      if (signs) sign[v] = (u8v)((i8v)stored > (i8v)splat_u8(63));
    }
    indices += index_stride;
    for (int p = 0; p < positions; p++) {
      const uint8_t *row = rows + codes[p * code_stride + u];
      const u8v table = load_table(row);
      if (tables == 2) {
        const u8v upper = load_table(row + 16);
        for (int v = 0; v < vectors; v++) {
          sums[p][v] += look_up(table, index[v]) + look_up(upper, index[v] ^ splat_u8(128));
        }
      } else {
        for (int v = 0; v < vectors; v++) {
          const u8v response = look_up(table, index[v]);
          sums[p][v] += signs ? response ^ sign[v] : response;
        }
      }
    }
  }
  for (int p = 0; p < positions; p++) {
    for (int v = 0; v < vectors; v++) add_wide(counts + p * count_stride + v * VECTOR, sums[p][v]);
  }
}

/* Where each unit finds its row of the table, whatever the codes are: [STRIP, units], bytes. */
INLINE void window_rows(const Conv *conv, const uint8_t *codes, uint16_t *rows, int positions, int shift) {
  const int channels = conv->in_channels;
  const uint8_t *top = codes + row_start(conv, 0, channels);
  const uint8_t *middle = codes + row_start(conv, 1, channels);
  const uint8_t *bottom = codes + row_start(conv, 2, channels);
  const u16v windows = (u16v)splat_i16(511);
  for (int i = 0; i < positions * channels; i += VECTOR) {
    const u8v a = load_u8v(top + i), b = load_u8v(middle + i), c = load_u8v(bottom + i);
    const u8v lower = a | (u8v)((u16v)b << 3);
    store_u16v(rows + i, ((low_half(lower) | low_half(c) << 6) & windows) << shift);
    store_u16v(rows + i + SHORTS, ((high_half(lower) | high_half(c) << 6) & windows) << shift);
  }
}

INLINE void nibble_rows(const Conv *conv, const uint8_t *codes, uint16_t *rows, int first, int positions) {
  const int per_pixel = conv->in_channels / 4, row_units = (conv->width + 2) * per_pixel;
  for (int p = 0; p < positions; p++) {
    const int y = (first + p) / conv->out_width, x = (first + p) % conv->out_width;
    for (int ky = 0; ky < 3; ky++) {
      const uint8_t *from = codes + (conv->stride * y + ky) * row_units + conv->stride * x * per_pixel;
      for (int i = 0; i < 3 * per_pixel; i++) *rows++ = from[i];
    }
  }
}

INLINE void look_up_strip(const Conv *conv, const uint8_t *constants, const uint16_t *rows, int row_stride,
                          int units, uint16_t *counts, int count, int tables, int signs) {
  const int channels = conv->out_channels;
  clear_shorts(counts, count * channels);
  const uint8_t *indices = constants + conv->weights, *biases = constants + conv->biases;
#define TILE(positions, vectors)                                                                       \
  look_up_tile(constants + conv->tables, rows + p * row_stride + from, row_stride,                      \
               indices + o, channels, some, biases + o, counts + p * channels + o, channels,            \
               tables, signs, positions, vectors)
  for (int from = 0; from < units; from += conv->chunk) {
    const int some = smaller(conv->chunk, units - from);
    int o = 0;
    for (; tables == 1 && !signs && o + 4 * VECTOR <= channels; o += 4 * VECTOR) {
      for (int p = 0; p < count; p += 2) TILE(2, 4);
    }
    for (; o + 2 * VECTOR <= channels; o += 2 * VECTOR) {
      for (int p = 0; p < count; p += 4) TILE(4, 2);
    }
    for (; o < channels; o += VECTOR) {
      for (int p = 0; p < count; p += 4) TILE(4, 1);
    }
    indices += some * channels;
    biases += channels;
  }
#undef TILE
}

/* codes: at the first position of the strip for windows, of the map for nibbles. */
INLINE void convolve_by_lookup(const Conv *conv, const uint8_t *codes, const uint8_t *constants,
                               uint8_t *scratch, uint16_t *counts, int first, int positions) {
  uint16_t *rows = (uint16_t *)scratch;
  const int whole = (positions + 3) / 4 * 4;
  if (conv->kind == NIBBLES) {
    const int units = 9 * conv->in_channels / 4;
    nibble_rows(conv, codes, rows, first, positions);
    clear_shorts(rows + positions * units, (whole - positions) * units);
    look_up_strip(conv, constants, rows, units, units, counts, positions, 1, 0);
    return;
  }
  const int tables = conv->responses > 16 ? 2 : 1;
  window_rows(conv, codes, rows, positions, tables == 2 ? 5 : 4);
  clear_shorts(rows + positions * conv->in_channels, (whole - positions) * conv->in_channels);
  if (tables == 2) {
    look_up_strip(conv, constants, rows, conv->in_channels, conv->inputs, counts, positions, 2, 0);
  } else if (conv->antipodal) {
    look_up_strip(conv, constants, rows, conv->in_channels, conv->inputs, counts, positions, 1, 1);
  } else {
    look_up_strip(conv, constants, rows, conv->in_channels, conv->inputs, counts, positions, 1, 0);
  }
}
