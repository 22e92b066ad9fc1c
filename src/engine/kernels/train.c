/*
 * Fused training kernels for WebAssembly SIMD. They work in the memory of the TensorFlow.js backend:
 * maps are float32, rows of `channels` values (images x height x width of them); `channels` is a
 * multiple of 4. Sums over rows run in double blocks: single-precision partial sums over at most
 * BLOCK_ROWS rows, added up in turn, so that rounding does not grow with the batch.
 */

#include "vectors.h"

enum { BLOCK_ROWS = 256 };

/* Calls body(channel, vectors) for blocks of 16 channels, then of 4: both constants after inlining. */
#define FOR_CHANNEL_BLOCKS(channels, body)                                            \
  do {                                                                                \
    int channel = 0;                                                                  \
    for (; channel + 4 * LANES <= (channels); channel += 4 * LANES) body(channel, 4); \
    for (; channel < (channels); channel += LANES) body(channel, 1);                  \
  } while (0)

/* out = sign(x + shift) in a border of -1, one pixel wide; sign(0) = 1. */
EXPORT("sign_pad")
void sign_pad(const float *x, const float *shift, float *out, int images, int height, int width,
              int channels) {
  const f32x4 plus = splat(1), minus = splat(-1);
  const int out_row = (width + 2) * channels;
  for (int image = 0; image < images; image++) {
    for (int i = 0; i < out_row; i += LANES) store(out + i, minus);
    out += out_row;
    for (int row = 0; row < height; row++) {
      for (int c = 0; c < channels; c += LANES) store(out + c, minus);
      out += channels;
      for (int column = 0; column < width; column++) {
        for (int c = 0; c < channels; c += LANES) {
          store(out + c, select(load(x + c) + load(shift + c) >= splat(0), plus, minus));
        }
        x += channels;
        out += channels;
      }
      for (int c = 0; c < channels; c += LANES) store(out + c, minus);
      out += channels;
    }
    for (int i = 0; i < out_row; i += LANES) store(out + i, minus);
    out += out_row;
  }
}

/* dx = dy * max(0, 2 - 2 |x + shift|), dshift = its sum over rows. */
INLINE void sign_gradient_block(const float *x, const float *shift, const float *dy, float *dx,
                                float *dshift, int rows, int channels, int from, int vectors) {
  f32x4 total[4], offset[4];
  for (int v = 0; v < vectors; v++) {
    total[v] = splat(0);
    offset[v] = load(shift + from + LANES * v);
  }
  for (int start = 0; start < rows; start += BLOCK_ROWS) {
    const int end = start + BLOCK_ROWS < rows ? start + BLOCK_ROWS : rows;
    f32x4 sum[4];
    for (int v = 0; v < vectors; v++) sum[v] = splat(0);
    for (int row = start; row < end; row++) {
      const int at = row * channels + from;
      for (int v = 0; v < vectors; v++) {
        const f32x4 shifted = load(x + at + LANES * v) + offset[v];
        const f32x4 slope = at_least_zero(splat(2) - splat(2) * magnitude(shifted));
        const f32x4 gradient = load(dy + at + LANES * v) * slope;
        store(dx + at + LANES * v, gradient);
        sum[v] += gradient;
      }
    }
    for (int v = 0; v < vectors; v++) total[v] += sum[v];
  }
  for (int v = 0; v < vectors; v++) store(dshift + from + LANES * v, total[v]);
}

EXPORT("sign_gradient")
void sign_gradient(const float *x, const float *shift, const float *dy, float *dx, float *dshift,
                   int rows, int channels) {
#define BODY(channel, vectors) \
  sign_gradient_block(x, shift, dy, dx, dshift, rows, channels, channel, vectors)
  FOR_CHANNEL_BLOCKS(channels, BODY);
#undef BODY
}

INLINE void moments_block(const float *x, float *mean, float *variance, int rows, int channels,
                          int from, int vectors) {
  f32x4 average[4], total[4];
  for (int v = 0; v < vectors; v++) average[v] = splat(0);
  for (int pass = 0; pass < 2; pass++) {
    for (int v = 0; v < vectors; v++) total[v] = splat(0);
    for (int start = 0; start < rows; start += BLOCK_ROWS) {
      const int end = start + BLOCK_ROWS < rows ? start + BLOCK_ROWS : rows;
      f32x4 sum[4];
      for (int v = 0; v < vectors; v++) sum[v] = splat(0);
      for (int row = start; row < end; row++) {
        for (int v = 0; v < vectors; v++) {
          const f32x4 centred = load(x + row * channels + from + LANES * v) - average[v];
          sum[v] += pass == 0 ? centred : centred * centred;
        }
      }
      for (int v = 0; v < vectors; v++) total[v] += sum[v];
    }
    for (int v = 0; v < vectors; v++) {
      if (pass == 0) average[v] = total[v] / splat((float)rows);
      store((pass == 0 ? mean : variance) + from + LANES * v, total[v] / splat((float)rows));
    }
  }
}

/* Mean and biased variance over rows. */
EXPORT("moments")
void moments(const float *x, float *mean, float *variance, int rows, int channels) {
#define BODY(channel, vectors) moments_block(x, mean, variance, rows, channels, channel, vectors)
  FOR_CHANNEL_BLOCKS(channels, BODY);
#undef BODY
}

INLINE f32x4 inverse_deviation(const float *variance, float epsilon) {
  return splat(1) / __builtin_elementwise_sqrt(load(variance) + splat(epsilon));
}

INLINE void normalize_block(const float *x, const float *mean, const float *variance,
                            const float *gamma, const float *beta, float epsilon, float *y, int rows,
                            int channels, int from, int vectors) {
  f32x4 scale[4], offset[4];
  for (int v = 0; v < vectors; v++) {
    const int c = from + LANES * v;
    scale[v] = load(gamma + c) * inverse_deviation(variance + c, epsilon);
    offset[v] = load(beta + c) - load(mean + c) * scale[v];
  }
  for (int row = 0; row < rows; row++) {
    const int at = row * channels + from;
    for (int v = 0; v < vectors; v++) {
      store(y + at + LANES * v, load(x + at + LANES * v) * scale[v] + offset[v]);
    }
  }
}

/* y = gamma * (x - mean) / sqrt(variance + epsilon) + beta. */
EXPORT("normalize")
void normalize(const float *x, const float *mean, const float *variance, const float *gamma,
               const float *beta, float *y, int rows, int channels, float epsilon) {
#define BODY(channel, vectors)                                                                 \
  normalize_block(x, mean, variance, gamma, beta, epsilon, y, rows, channels, channel, vectors)
  FOR_CHANNEL_BLOCKS(channels, BODY);
#undef BODY
}

/* dbeta = sum dy, dgamma = sum dy * (x - mean) / sqrt(variance + epsilon). */
INLINE void norm_sums_block(const float *x, const float *dy, const float *mean,
                            const float *variance, float epsilon, float *dgamma, float *dbeta,
                            int rows, int channels, int from, int vectors) {
  f32x4 average[4], total_gamma[4], total_beta[4];
  for (int v = 0; v < vectors; v++) {
    average[v] = load(mean + from + LANES * v);
    total_gamma[v] = total_beta[v] = splat(0);
  }
  for (int start = 0; start < rows; start += BLOCK_ROWS) {
    const int end = start + BLOCK_ROWS < rows ? start + BLOCK_ROWS : rows;
    f32x4 sum_gamma[4], sum_beta[4];
    for (int v = 0; v < vectors; v++) sum_gamma[v] = sum_beta[v] = splat(0);
    for (int row = start; row < end; row++) {
      const int at = row * channels + from;
      for (int v = 0; v < vectors; v++) {
        const f32x4 gradient = load(dy + at + LANES * v);
        sum_gamma[v] += gradient * (load(x + at + LANES * v) - average[v]);
        sum_beta[v] += gradient;
      }
    }
    for (int v = 0; v < vectors; v++) {
      total_gamma[v] += sum_gamma[v];
      total_beta[v] += sum_beta[v];
    }
  }
  for (int v = 0; v < vectors; v++) {
    const int c = from + LANES * v;
    store(dgamma + c, total_gamma[v] * inverse_deviation(variance + c, epsilon));
    store(dbeta + c, total_beta[v]);
  }
}

INLINE void norm_rows_block(const float *x, const float *dy, const float *mean,
                            const float *variance, float epsilon, const float *gamma,
                            const float *dgamma, const float *dbeta, float *dx, int rows,
                            int channels, int from, int vectors) {
  f32x4 average[2], scale[2], constant[2], slope[2];
  const f32x4 share = splat(1.0f / (float)rows);
  for (int v = 0; v < vectors; v++) {
    const int c = from + LANES * v;
    const f32x4 inverse = inverse_deviation(variance + c, epsilon);
    average[v] = load(mean + c);
    scale[v] = load(gamma + c) * inverse;
    constant[v] = load(dbeta + c) * share;
    slope[v] = inverse * load(dgamma + c) * share;
  }
  for (int row = 0; row < rows; row++) {
    const int at = row * channels + from;
    for (int v = 0; v < vectors; v++) {
      const f32x4 centred = load(x + at + LANES * v) - average[v];
      const f32x4 common = constant[v] + slope[v] * centred;
      store(dx + at + LANES * v, scale[v] * (load(dy + at + LANES * v) - common));
    }
  }
}

/*
 * Gradient of batch norm with batch statistics (Ioffe and Szegedy, ICML 2015):
 * dx = gamma * inverse * (dy - (dbeta + standard * dgamma) / rows), standard = (x - mean) * inverse,
 * inverse = 1 / sqrt(variance + epsilon).
 */
EXPORT("norm_gradient")
void norm_gradient(const float *x, const float *dy, const float *mean, const float *variance,
                   const float *gamma, float *dx, float *dgamma, float *dbeta, int rows,
                   int channels, float epsilon) {
#define BODY(channel, vectors)                                                                   \
  norm_sums_block(x, dy, mean, variance, epsilon, dgamma, dbeta, rows, channels, channel, vectors)
  FOR_CHANNEL_BLOCKS(channels, BODY);
#undef BODY
#define BLOCK(vectors)                                                                             \
  norm_rows_block(x, dy, mean, variance, epsilon, gamma, dgamma, dbeta, dx, rows, channels, channel, \
                  vectors)
  int channel = 0;
  for (; channel + 2 * LANES <= channels; channel += 2 * LANES) BLOCK(2);
  if (channel < channels) BLOCK(1);
#undef BLOCK
}

/* y = prelu(x + residual + mid, slope) + out. */
EXPORT("rprelu")
void rprelu(const float *x, const float *residual, const float *mid, const float *slope,
            const float *out, float *y, int rows, int channels) {
  for (int row = 0; row < rows; row++) {
    for (int c = 0; c < channels; c += LANES) {
      const f32x4 shifted = load(x + c) + load(residual + c) + load(mid + c);
      const f32x4 activated = select(shifted >= splat(0), shifted, shifted * load(slope + c));
      store(y + c, activated + load(out + c));
    }
    x += channels;
    residual += channels;
    y += channels;
  }
}

INLINE void rprelu_gradient_block(const float *x, const float *residual, const float *mid,
                                  const float *slope, const float *dy, float *dx, float *dmid,
                                  float *dslope, float *dout, int rows, int channels, int from,
                                  int vectors) {
  f32x4 total_mid[4], total_slope[4], total_out[4], offset[4], steepness[4];
  for (int v = 0; v < vectors; v++) {
    total_mid[v] = total_slope[v] = total_out[v] = splat(0);
    offset[v] = load(mid + from + LANES * v);
    steepness[v] = load(slope + from + LANES * v);
  }
  for (int start = 0; start < rows; start += BLOCK_ROWS) {
    const int end = start + BLOCK_ROWS < rows ? start + BLOCK_ROWS : rows;
    f32x4 sum_mid[4], sum_slope[4], sum_out[4];
    for (int v = 0; v < vectors; v++) sum_mid[v] = sum_slope[v] = sum_out[v] = splat(0);
    for (int row = start; row < end; row++) {
      for (int v = 0; v < vectors; v++) {
        const int at = row * channels + from + LANES * v;
        const f32x4 shifted = load(x + at) + load(residual + at) + offset[v];
        const f32x4 gradient = load(dy + at);
        const i32x4 passes = shifted >= splat(0);
        const f32x4 inner = select(passes, gradient, gradient * steepness[v]);
        store(dx + at, inner);
        sum_mid[v] += inner;
        sum_slope[v] += select(passes, splat(0), gradient * shifted);
        sum_out[v] += gradient;
      }
    }
    for (int v = 0; v < vectors; v++) {
      total_mid[v] += sum_mid[v];
      total_slope[v] += sum_slope[v];
      total_out[v] += sum_out[v];
    }
  }
  for (int v = 0; v < vectors; v++) {
    store(dmid + from + LANES * v, total_mid[v]);
    store(dslope + from + LANES * v, total_slope[v]);
    store(dout + from + LANES * v, total_out[v]);
  }
}

/* Gradients of rprelu; that of the residual is dx too. */
EXPORT("rprelu_gradient")
void rprelu_gradient(const float *x, const float *residual, const float *mid, const float *slope,
                     const float *dy, float *dx, float *dmid, float *dslope, float *dout, int rows,
                     int channels) {
#define BODY(channel, vectors)                                                              \
  rprelu_gradient_block(x, residual, mid, slope, dy, dx, dmid, dslope, dout, rows, channels, \
                        channel, vectors)
  FOR_CHANNEL_BLOCKS(channels, BODY);
#undef BODY
}

INLINE float window_share(int size, int i) { return size % 2 == 1 && i == size - 1 ? 1.0f : 0.5f; }

/* 2x2 average pooling of stride 2; windows at the edge of odd maps average the pixels they have. */
EXPORT("average_pool")
void average_pool(const float *x, float *y, int images, int height, int width, int channels) {
  const int out_width = (width + 1) / 2;
  for (int image = 0; image < images; image++) {
    for (int row = 0; row < height; row += 2) {
      const int rows = row + 1 < height ? 2 : 1;
      for (int column = 0; column < width; column += 2) {
        const int columns = column + 1 < width ? 2 : 1;
        const f32x4 share = splat(window_share(height, row) * window_share(width, column));
        float *to = y + ((row / 2) * out_width + column / 2) * channels;
        for (int c = 0; c < channels; c += LANES) {
          f32x4 sum = splat(0);
          for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
              sum += load(x + ((row + i) * width + column + j) * channels + c);
            }
          }
          store(to + c, sum * share);
        }
      }
    }
    x += height * width * channels;
    y += (height + 1) / 2 * out_width * channels;
  }
}

EXPORT("average_pool_gradient")
void average_pool_gradient(const float *dy, float *dx, int images, int height, int width,
                           int channels) {
  const int out_width = (width + 1) / 2;
  for (int image = 0; image < images; image++) {
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        const f32x4 share = splat(window_share(height, row) * window_share(width, column));
        const float *from = dy + ((row / 2) * out_width + column / 2) * channels;
        for (int c = 0; c < channels; c += LANES) store(dx + c, load(from + c) * share);
        dx += channels;
      }
    }
    dy += (height + 1) / 2 * out_width * channels;
  }
}

/*
 * Sub-pixel unfolding: cell (i, j) of [images, rows, columns, 2, 2, channels] holds the pixels of rows
 * 2i - 1, 2i and columns 2j - 1, 2j of [images, height, width, channels]; pixels outside are dropped.
 */
EXPORT("unfold_cells")
void unfold_cells(const float *cells, float *x, int images, int height, int width, int channels) {
  const int rows = (height + 1) / 2 + 1, columns = (width + 1) / 2 + 1;
  for (int image = 0; image < images; image++) {
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        const int cell = ((row + 1) / 2) * columns + (column + 1) / 2;
        const int pixel = ((row + 1) % 2) * 2 + (column + 1) % 2;
        const float *from = cells + (cell * 4 + pixel) * channels;
        for (int c = 0; c < channels; c += LANES) store(x + c, load(from + c));
        x += channels;
      }
    }
    cells += rows * columns * 4 * channels;
  }
}

/*
 * Gradient of a valid convolution to its filter [kernel, kernel, in, out]: for every tap the product
 * of the input's pixels under it, transposed, with the output's gradient. Four input channels by
 * eight (or four) output channels are summed in registers over all positions of an image.
 */
INLINE void filter_gradient_tile(const float *x, const float *dy, float *dw, int images,
                                 int x_image, int x_row, int x_step, int height, int width,
                                 int out, int inputs, int vectors) {
  f32x4 total[4][2];
  for (int i = 0; i < inputs; i++) {
    for (int v = 0; v < vectors; v++) total[i][v] = splat(0);
  }
  for (int image = 0; image < images; image++) {
    f32x4 sum[4][2];
    for (int i = 0; i < inputs; i++) {
      for (int v = 0; v < vectors; v++) sum[i][v] = splat(0);
    }
    const float *gradient = dy + image * height * width * out;
    for (int row = 0; row < height; row++) {
      const float *pixel = x + image * x_image + row * x_row;
      for (int column = 0; column < width; column++) {
        for (int v = 0; v < vectors; v++) {
          const f32x4 value = load(gradient + LANES * v);
          for (int i = 0; i < inputs; i++) sum[i][v] += splat(pixel[i]) * value;
        }
        pixel += x_step;
        gradient += out;
      }
    }
    for (int i = 0; i < inputs; i++) {
      for (int v = 0; v < vectors; v++) total[i][v] += sum[i][v];
    }
  }
  for (int i = 0; i < inputs; i++) {
    for (int v = 0; v < vectors; v++) store(dw + i * out + LANES * v, total[i][v]);
  }
}

/* x is the padded input, [images, padded_height, padded_width, in]; out is a multiple of 4. */
EXPORT("filter_gradient")
void filter_gradient(const float *x, const float *dy, float *dw, int images, int padded_height,
                     int padded_width, int height, int width, int in, int out, int kernel,
                     int stride) {
  const int x_row = padded_width * in;
#define TILE(inputs, vectors)                                                                   \
  filter_gradient_tile(x + ky * x_row + kx * in + i, dy + o, dw + i * out + o, images,           \
                       padded_height * x_row, stride * x_row, stride * in, height, width, out, inputs,   \
                       vectors)
  for (int ky = 0; ky < kernel; ky++) {
    for (int kx = 0; kx < kernel; kx++) {
      for (int i = 0; i < in; i += in - i >= 4 ? 4 : 1) {
        for (int o = 0; o < out; o += out - o >= 8 ? 8 : 4) {
          if (in - i >= 4) {
            if (out - o >= 8) TILE(4, 2);
            else TILE(4, 1);
          } else {
            if (out - o >= 8) TILE(1, 2);
            else TILE(1, 1);
          }
        }
      }
      dw += in * out;
    }
  }
#undef TILE
}
