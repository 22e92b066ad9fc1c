/*
 * Activations to bits. Three bits under a row of a 3x3 kernel are a row code, 0..7, its lowest bit to the left;
 * three of them are the code of a window. Bits outside of the map are 0.
 */
#pragma once

#include "conv.h"

/* Rows of codes lie even rows first where the stride is 2, so that the rows of all windows follow each other. */
INLINE int rows_of_codes(const Conv *conv) { return conv->height + 2; }
INLINE int slot_of_row(const Conv *conv, int row) {
  if (conv->stride == 1) return row;
  return row % 2 == 0 ? row / 2 : (rows_of_codes(conv) + 1) / 2 + row / 2;
}

/* Codes under one row of a kernel, from the first position on, `size` apart. */
INLINE int row_start(const Conv *conv, int ky, int size) {
  return slot_of_row(conv, ky) * conv->out_width * size;
}

/* One row of bits with a zero on either side, a byte each: [width + 2, channels]. */
INLINE void row_bits(const Conv *conv, const int16_t *x, const int16_t *threshold, uint8_t *bits) {
  const int channels = conv->in_channels;
  for (int c = 0; c < channels; c += VECTOR) {
    store_u8v(bits + c, (u8v){});
    store_u8v(bits + (conv->width + 1) * channels + c, (u8v){});
  }
  bits += channels;
  for (int i = 0; i < conv->width; i++) {
    for (int c = 0; c < channels; c += VECTOR) {
      const i16v a = load_i16v(x + c) >= load_i16v(threshold + c);
      const i16v b = load_i16v(x + c + SHORTS) >= load_i16v(threshold + c + SHORTS);
      store_u8v(bits + c, mask_bytes(a, b));
    }
    x += channels;
    bits += channels;
  }
}

/* Row codes of one padded row, [out_width, channels]. */
INLINE void row_codes(const Conv *conv, const uint8_t *bits, uint8_t *codes) {
  const int channels = conv->in_channels;
  for (int i = 0; i < conv->out_width; i++) {
    for (int c = 0; c < channels; c += VECTOR) {
      const u8v a = load_u8v(bits + c), b = load_u8v(bits + channels + c);
      const u8v d = load_u8v(bits + 2 * channels + c);
      const u8v upper = b + d + d;
      store_u8v(codes + c, a + upper + upper);
    }
    bits += conv->stride * channels;
    codes += channels;
  }
}

/* Four channels' bits in the upper half of a byte each: [width + 2, channels / 4]. */
INLINE void row_nibbles(const Conv *conv, const uint8_t *bits, uint8_t *nibbles) {
  const int count = (conv->width + 2) * conv->in_channels / 4;
  for (int i = 0; i < count; i++) nibbles[i] = load_u32(bits + 4 * i) * 0x10204080u >> 24 & 0xf0;
}

/* 32 channels' bits in a word each: [width + 2, channels / 32]. */
INLINE void row_words(const Conv *conv, const uint8_t *bits, uint32_t *words) {
  const int channels = conv->in_channels, count = (channels + 31) / 32;
  for (int i = 0; i < conv->width + 2; i++) {
    for (int w = 0; w < count; w++) {
      uint32_t word = 0;
      for (int c = 0; c < 32 && 32 * w + c < channels; c += 4) {
        word |= (load_u32(bits + 32 * w + c) * 0x10204080u >> 28) << c;
      }
      words[w] = word;
    }
    bits += channels;
    words += count;
  }
}

/* Bytes of the codes of a map. */
INLINE int row_bytes(const Conv *conv) {
  switch (conv->kind) {
    case NIBBLES: return (conv->width + 2) * conv->in_channels / 4;
    case POPCOUNT: return (conv->width + 2) * ((conv->in_channels + 31) / 32) * 4;
    default: return conv->out_width * conv->in_channels;
  }
}

/* The codes of padded rows first..end of a map; `bits` has room for one row of bytes. */
static void encode_rows(const Conv *conv, const int16_t *x, const int16_t *threshold, uint8_t *codes,
                        uint8_t *bits, int first, int end) {
  for (int row = first; row < end; row++) {
    const int outside = row == 0 || row == conv->height + 1;
    const int row_of_codes = conv->kind < NIBBLES ? slot_of_row(conv, row) : row;
    uint8_t *to = codes + row_of_codes * row_bytes(conv);
    if (outside) {
      for (int i = 0; i < row_bytes(conv); i++) to[i] = 0;
      continue;
    }
    row_bits(conv, x + (row - 1) * conv->width * conv->in_channels, threshold, bits);
    if (conv->kind == NIBBLES) row_nibbles(conv, bits, to);
    else if (conv->kind == POPCOUNT) row_words(conv, bits, (uint32_t *)to);
    else row_codes(conv, bits, to);
  }
}

/* Codes of one channel in a row: positions, and what a strip may read beyond the last. */
INLINE int channel_bytes(const Conv *conv) {
  return (rows_of_codes(conv) * conv->out_width + STRIP + 15) / 16 * 16;
}

/* [positions, channels] to [channels, positions], 16 by 16; positions first..end are multiples of 16. */
static void transpose_codes(const Conv *conv, const uint8_t *from, uint8_t *to, int first, int end) {
  const int channels = conv->in_channels, length = channel_bytes(conv);
  for (int position = first; position < end; position += 16) {
    for (int c = 0; c < channels; c += 16) {
      u8x16 a[16], b[16];
      for (int i = 0; i < 16; i++) a[i] = load_u8x16(from + (position + i) * channels + c);
      for (int step = 0; step < 4; step++) {
        for (int i = 0; i < 8; i++) {
          b[2 * i] = low_bytes(a[i], a[i + 8]);
          b[2 * i + 1] = high_bytes(a[i], a[i + 8]);
        }
        for (int i = 0; i < 16; i++) a[i] = b[i];
      }
      for (int i = 0; i < 16; i++) store_u8x16(to + (c + i) * length + position, a[i]);
    }
  }
}
