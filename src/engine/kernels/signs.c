/*
 * Binary 3x3 convolutions and their gradients for WebAssembly SIMD. Signs meet weights of one
 * magnitude an output channel, so nothing is multiplied: the product of signs is a count of bits, and
 * every sum of signed floats is looked up, four terms at a time, in a table of the 16 sums that their
 * signs can make (the method of the four Russians). Maps are [images, height, width, channels].
 */

#include "vectors.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned long long u64;
typedef u64 unaligned_u64 __attribute__((aligned(1)));
typedef u16 unaligned_u16 __attribute__((aligned(1)));
typedef signed char i8x16 __attribute__((vector_size(16), aligned(1)));
typedef short i16x8 __attribute__((vector_size(16)));
typedef int wide_i32x4 __attribute__((vector_size(16)));

enum {
  TAPS = 9,
  /* Terms of a table, and its entries. */
  TERMS = 4,
  CODES = 16,
  /* Images that the input gradient takes at a time: vectors of a table's entry. */
  PACK = 16,
  /* Positions whose tables the filter gradient keeps at a time. */
  POSITIONS = 32,
};

/* Of an input gradient's table. */
enum { TABLE_BYTES = CODES * PACK * sizeof(float) };

INLINE f32x4 entry_of(const char *entry, int v) { return load((const float *)entry + LANES * v); }

INLINE int ceil_div(int a, int b) { return (a + b - 1) / b; }

/* The sums of four signed terms, by code: bit i set where term i counts positive. */
INLINE void signed_sums(const f32x4 term[TERMS], float *table, int pitch) {
  const f32x4 low_sum = term[0] + term[1], low_difference = term[0] - term[1];
  const f32x4 high_sum = term[2] + term[3], high_difference = term[2] - term[3];
  const f32x4 low[4] = {-low_sum, low_difference, -low_difference, low_sum};
  const f32x4 high[4] = {-high_sum, high_difference, -high_difference, high_sum};
  for (int code = 0; code < CODES; code++) {
    store(table + code * pitch, low[code % 4] + high[code / 4]);
  }
}

INLINE void transpose(f32x4 rows[4]) {
  const f32x4 a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const f32x4 b = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const f32x4 c = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const f32x4 d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

/* Bytes of a pixel's signs, one bit a channel. */
INLINE int pixel_bytes(int channels) { return ceil_div(channels, 8); }

/* 64-bit words that hold the bits of three neighbouring pixels. */
INLINE int row_words(int channels) { return ceil_div(3 * pixel_bytes(channels), 8); }

INLINE i8x16 negative_bytes(const float *x, const float *shift) {
  wide_i32x4 mask[4];
  for (int v = 0; v < 4; v++) {
    mask[v] = load(x + LANES * v) + load(shift + LANES * v) >= splat(0);
  }
  return __builtin_wasm_narrow_s_i8x16_i16x8(__builtin_wasm_narrow_s_i16x8_i32x4(mask[0], mask[1]),
                                             __builtin_wasm_narrow_s_i16x8_i32x4(mask[2], mask[3]));
}

/*
 * Signs of x + shift, sign(0) = 1, within a border of -1 one pixel wide, twice: `bits` has a bit a
 * channel, [images, height + 2, width + 2, bytes]; `codes` the bits of four images to a byte,
 * [images / 4, height + 2, width + 2, channels].
 */
EXPORT("sign_bits")
void sign_bits(const float *x, const float *shift, u8 *codes, u8 *bits, int images, int height,
               int width, int channels) {
  const int bytes = pixel_bytes(channels), padded = (height + 2) * (width + 2);
  __builtin_memset(codes, 0, ceil_div(images, TERMS) * padded * channels);
  __builtin_memset(bits, 0, images * padded * bytes);
  for (int image = 0; image < images; image++) {
    const u8 bit = 1 << (image % TERMS);
    const i8x16 bit_of_all = (i8x16){} + (signed char)bit;
    for (int row = 0; row < height; row++) {
      const int pixel = (row + 1) * (width + 2) + 1;
      u8 *code = codes + (image / TERMS * padded + pixel) * channels;
      u8 *packed = bits + (image * padded + pixel) * bytes;
      for (int column = 0; column < width; column++) {
        int c = 0;
        for (; c + 16 <= channels; c += 16) {
          const i8x16 positive = negative_bytes(x + c, shift + c);
          *(i8x16 *)(code + c) |= positive & bit_of_all;
          *(unaligned_u16 *)(packed + c / 8) = __builtin_wasm_bitmask_i8x16(positive);
        }
        for (; c < channels; c++) {
          if (x[c] + shift[c] >= 0) {
            code[c] |= bit;
            packed[c / 8] |= 1 << (c % 8);
          }
        }
        x += channels;
        code += channels;
        packed += bytes;
      }
    }
  }
}

/*
 * Takes a filter [3, 3, in, out] apart into its magnitude an output, alpha, and its signs: `words`
 * in the order of `bits`, [out, 3, row_words]; `entries`, [9, in, out / 4], the offset in bytes of
 * four outputs' signs in a table of the input gradient. Returns whether each output has one magnitude.
 */
EXPORT("filter_signs")
int filter_signs(const float *filter, float *alpha, u64 *words, u16 *entries, int in, int out) {
  for (int o = 0; o < out; o++) alpha[o] = __builtin_fabsf(filter[o]);
  for (int i = 0; i < TAPS * in; i++) {
    i32x4 same = {-1, -1, -1, -1};
    for (int o = 0; o < out; o += LANES) {
      same &= magnitude(load(filter + i * out + o)) == load(alpha + o);
    }
    if (!__builtin_wasm_all_true_i32x4(same)) return 0;
  }
  const int row = row_words(in), bytes = pixel_bytes(in);
  for (int i = 0; i < out * 3 * row; i++) words[i] = 0;
  for (int tap = 0; tap < TAPS; tap++) {
    for (int c = 0; c < in; c++) {
      const int bit = tap % 3 * bytes * 8 + c;
      const int word = tap / 3 * row + bit / 64;
      for (int o = 0; o < out; o += TERMS) {
        int code = 0;
        for (int i = 0; i < TERMS; i++) {
          const u64 positive = filter[o + i] > 0;
          words[(o + i) * 3 * row + word] |= positive << (bit % 64);
          code |= (int)positive << i;
        }
        *entries++ = code * PACK * sizeof(float);
      }
      filter += out;
    }
  }
  return 1;
}

INLINE u64 different_bits(const u64 *patch, const u64 *weight, int words) {
  u64 different = 0;
  for (int k = 0; k < words; k++) different += __builtin_popcountll(patch[k] ^ weight[k]);
  return different;
}

/* `patch`: 3 row words to work in. */
INLINE void convolve_bits(const u8 *bits, const u64 *words, const float *alpha, float *y, u64 *patch,
                          int images, int height, int width, int in, int out, int stride, int row) {
  const int bytes = pixel_bytes(in), pitch = (width + 2) * bytes;
  const int out_height = ceil_div(height, stride), out_width = ceil_div(width, stride);
  const int last = 3 * bytes * 8 - 64 * (row - 1);
  const u64 mask = last == 64 ? ~0ull : (1ull << last) - 1;
  for (int image = 0; image < images; image++) {
    for (int i = 0; i < out_height; i++) {
      for (int j = 0; j < out_width; j++) {
        const u8 *corner = bits + i * stride * pitch + j * stride * bytes;
        for (int ky = 0; ky < 3; ky++) {
          for (int k = 0; k < row; k++) {
            const u64 word = *(const unaligned_u64 *)(corner + ky * pitch + 8 * k);
            patch[ky * row + k] = k == row - 1 ? word & mask : word;
          }
        }
        const u64 *weight = words;
        for (int o = 0; o < out; o += LANES) {
          int different[LANES];
          for (int i = 0; i < LANES; i++) {
            different[i] = different_bits(patch, weight, 3 * row);
            weight += 3 * row;
          }
          const i32x4 count = {different[0], different[1], different[2], different[3]};
          const f32x4 product = __builtin_convertvector((wide_i32x4)(TAPS * in - 2 * count), f32x4);
          store(y + o, load(alpha + o) * product);
        }
        y += out;
      }
    }
    bits += (height + 2) * pitch;
  }
}

/*
 * The convolution of `bits`, which end in eight bytes to spare, by a filter taken apart; `patch`: as
 * many words as the filter has for an output.
 */
EXPORT("convolve_signs")
void convolve_signs(const u8 *bits, const u64 *words, const float *alpha, float *y, u64 *patch,
                    int images, int height, int width, int in, int out, int stride) {
  u64 few[9];
#define CONVOLVE(patch, row) \
  convolve_bits(bits, words, alpha, y, patch, images, height, width, in, out, stride, row)
  switch (row_words(in)) {
    case 1: CONVOLVE(few, 1); break;
    case 2: CONVOLVE(few, 2); break;
    case 3: CONVOLVE(few, 3); break;
    default: CONVOLVE(patch, row_words(in));
  }
#undef CONVOLVE
}

INLINE void sign_filter_block(const u8 *codes, const float *dy, float *dw, float *tables, int images,
                              int height, int width, int in, int out, int stride, int vectors) {
  const int out_height = ceil_div(height, stride), out_width = ceil_div(width, stride);
  const int pitch = (width + 2) * in, entry = LANES * vectors;
  const unsigned entry_bytes = entry * sizeof(float);
  const int chunk = POSITIONS / out_width > 1 ? POSITIONS / out_width : 1;
  const int dy_image = out_height * out_width * out;
  int *offsets = (int *)(tables + (chunk * out_width) * CODES * entry);
  for (int tap_channel = 0; tap_channel < TAPS * in; tap_channel++) {
    for (int v = 0; v < vectors; v++) store(dw + tap_channel * out + LANES * v, splat(0));
  }
  for (int image = 0; image < images; image += TERMS) {
    for (int top = 0; top < out_height; top += chunk) {
      const int rows = out_height - top < chunk ? out_height - top : chunk;
      const float *gradient = dy + image * dy_image + top * out_width * out;
      const int positions = rows * out_width;
      for (int i = 0; i < positions; i++) {
        offsets[i] = i / out_width * stride * pitch + i % out_width * stride * in;
        for (int v = 0; v < vectors; v++) {
          f32x4 term[TERMS];
          for (int t = 0; t < TERMS; t++) {
            const float *from = gradient + t * dy_image + i * out + LANES * v;
            term[t] = image + t < images ? load(from) : splat(0);
          }
          signed_sums(term, tables + i * CODES * entry + LANES * v, entry);
        }
      }
      for (int tap = 0; tap < TAPS; tap++) {
        const u8 *corner = codes + (top * stride + tap / 3) * pitch + tap % 3 * in;
        for (int c = 0; c < in; c += 2) {
          f32x4 sum[2][4];
          for (int v = 0; v < vectors; v++) sum[0][v] = sum[1][v] = splat(0);
          const char *table = (const char *)tables;
          for (int i = 0; i < positions; i++) {
            const u8 *code = corner + offsets[i] + c;
            const char *first = table + code[0] * entry_bytes;
            const char *second = table + code[1] * entry_bytes;
            /* Opaque pointers keep the loads' offsets constants: a sixth less time. */
            __asm__("" : "+r"(first), "+r"(second));
            for (int v = 0; v < vectors; v++) sum[0][v] += entry_of(first, v);
            for (int v = 0; v < vectors; v++) sum[1][v] += entry_of(second, v);
            table += CODES * entry_bytes;
          }
          float *to = dw + (tap * in + c) * out;
          for (int v = 0; v < vectors; v++) {
            store(to + LANES * v, load(to + LANES * v) + sum[0][v]);
            store(to + out + LANES * v, load(to + out + LANES * v) + sum[1][v]);
          }
        }
      }
    }
    codes += (height + 2) * pitch;
  }
}

/* Floats that sign_filter_gradient needs as `tables`. */
EXPORT("sign_filter_scratch")
int sign_filter_scratch(int width, int stride) {
  const int out_width = ceil_div(width, stride);
  return (out_width > POSITIONS ? out_width : POSITIONS) * (CODES * 4 * LANES + 1);
}

/* Gradient of the convolution to its filter, [3, 3, in, out]; in is even, out a multiple of 4. */
EXPORT("sign_filter_gradient")
void sign_filter_gradient(const u8 *codes, const float *dy, float *dw, float *tables, int images,
                          int height, int width, int in, int out, int stride) {
  int o = 0;
#define BLOCK(vectors) \
  sign_filter_block(codes, dy + o, dw + o, tables, images, height, width, in, out, stride, vectors)
  for (; o + 4 * LANES <= out; o += 4 * LANES) BLOCK(4);
  for (; o < out; o += LANES) BLOCK(1);
#undef BLOCK
}

/* The tables of every four outputs at one position of up to PACK images, [out / 4, CODES, PACK]. */
INLINE void output_tables(const float *dy, const float *alpha, float *tables, int images,
                          int dy_image, int out) {
  for (int o = 0; o < out; o += TERMS) {
    const f32x4 scale = load(alpha + o);
    for (int v = 0; v < PACK / LANES; v++) {
      f32x4 term[TERMS];
      for (int i = 0; i < LANES; i++) {
        const int image = LANES * v + i;
        term[i] = image < images ? load(dy + image * dy_image + o) * scale : splat(0);
      }
      transpose(term);
      signed_sums(term, tables + o / TERMS * CODES * PACK + LANES * v, PACK);
    }
  }
}

/* Adds what one position's tables give to a pixel of the input, [in, PACK]. */
INLINE void add_entries(const float *tables, const u16 *entries, float *pixel, int in, int groups) {
  for (int c = 0; c < in; c++) {
    f32x4 sum[4];
    for (int v = 0; v < 4; v++) sum[v] = load(pixel + LANES * v);
    const char *table = (const char *)tables;
    for (int g = 0; g < groups; g++) {
      for (int v = 0; v < 4; v++) sum[v] += entry_of(table + entries[g], v);
      table += TABLE_BYTES;
    }
    for (int v = 0; v < 4; v++) store(pixel + LANES * v, sum[v]);
    pixel += PACK;
    entries += groups;
  }
}

/* Floats that sign_input_gradient needs as `scratch`: tables, then three rows of the input. */
EXPORT("sign_input_scratch")
int sign_input_scratch(int width, int in, int out) {
  return out / TERMS * CODES * PACK + 3 * width * in * PACK;
}

/*
 * Hands a row of sums [width, in, PACK] on, times the slope of the sign there, and clears it;
 * dshift gains their sums over the row.
 */
INLINE void hand_on(float *sums, const float *x, const float *shift, float *dx, float *dshift,
                    int images, int image_size, int width, int in) {
  for (int c = 0; c < in; c += LANES) {
    const f32x4 offset = load(shift + c);
    f32x4 total = splat(0);
    for (int column = 0; column < width; column++) {
      float *from = sums + (column * in + c) * PACK;
      const int at = column * in + c;
      for (int v = 0; v < PACK / LANES; v++) {
        f32x4 part[4];
        for (int i = 0; i < 4; i++) {
          part[i] = load(from + i * PACK + LANES * v);
          store(from + i * PACK + LANES * v, splat(0));
        }
        transpose(part);
        for (int i = 0; i < LANES; i++) {
          const int image = LANES * v + i;
          if (image >= images) break;
          const f32x4 shifted = load(x + image * image_size + at) + offset;
          const f32x4 slope = at_least_zero(splat(2) - splat(2) * magnitude(shifted));
          const f32x4 gradient = part[i] * slope;
          store(dx + image * image_size + at, gradient);
          total += gradient;
        }
      }
    }
    store(dshift + c, load(dshift + c) + total);
  }
}

/*
 * Gradients of the convolution to x and to shift, through the surrogate of sign:
 * dx = (dy convolved back) * max(0, 2 - 2 |x + shift|). Sixteen images at a time, every position of
 * the output adds to the pixels under its taps; rows are handed on once complete.
 */
EXPORT("sign_input_gradient")
void sign_input_gradient(const float *x, const float *shift, const float *dy, const u16 *entries,
                         const float *alpha, float *dx, float *dshift, float *scratch, int images,
                         int height, int width, int in, int out, int stride) {
  const int out_height = ceil_div(height, stride), out_width = ceil_div(width, stride);
  const int dy_image = out_height * out_width * out, image_size = height * width * in;
  const int groups = out / TERMS, row_size = width * in * PACK;
  float *rows = scratch + groups * CODES * PACK;
  for (int i = 0; i < 3 * row_size; i += LANES) store(rows + i, splat(0));
  for (int c = 0; c < in; c += LANES) store(dshift + c, splat(0));
  for (int first = 0; first < images; first += PACK) {
    const int some = images - first < PACK ? images - first : PACK;
    int done = 0;
    for (int i = 0; i < out_height; i++) {
      for (int j = 0; j < out_width; j++) {
        const float *at = dy + first * dy_image + (i * out_width + j) * out;
        output_tables(at, alpha, scratch, some, dy_image, out);
        for (int tap = 0; tap < TAPS; tap++) {
          const int row = i * stride + tap / 3 - 1, column = j * stride + tap % 3 - 1;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          float *pixel = rows + row % 3 * row_size + column * in * PACK;
          const u16 *own = entries + tap * in * groups;
          if (groups == 4) add_entries(scratch, own, pixel, in, 4);
          else add_entries(scratch, own, pixel, in, groups);
        }
      }
      const int complete = i == out_height - 1 ? height : (i + 1) * stride - 1;
      for (; done < complete; done++) {
        const int at = first * image_size + done * width * in;
        hand_on(rows + done % 3 * row_size, x + at, shift, dx + at, dshift, some, image_size, width,
                in);
      }
    }
  }
}
