/*
 * A network as a list of operations over two stretches of memory: constants, which never change, and an arena of
 * maps. Threads share one operation by rows, positions or channels; all finish it before any begins the next.
 * runtime/program.ts writes the operations; fields are 32 bits and name places by their offsets.
 */
#pragma once

#include "convolve.h"
#include "dense.h"
#include "elementwise.h"

enum Code {
  PAD_IMAGE,
  STEM,
  MAX_POOL,
  ENCODE,
  TRANSPOSE,
  DOWNSAMPLE,
  BLOCK,
  CONVOLVE,
  MAX_POOL_SUMS,
  ACTIVATE,
  AVERAGE,
  CLASSIFY
};

/* Bytes to int16, each channel's zero subtracted, in a border of 0. */
typedef struct {
  int32_t image, height, width, channels, pad, zero, output;
} PadImage;

/* accumulators: where all of them are kept, or -1. */
typedef struct {
  int32_t image, row_length, step, row_step, height, width;
  Dense dense;
  int32_t accumulators;
  Requantizer requantizer;
  int32_t output;
} Stem;

/* Windows of size x size; activations, or with MAX_POOL_SUMS accumulators. */
typedef struct {
  int32_t input, size, height, width, channels, output;
} MaxPool;

/*
 * constants: thresholds, or shifts where the kernel sees values; transposed: where codes lie by channels, if the
 * kernel wants them so, or -1.
 */
typedef struct {
  int32_t input, constants, codes, transposed;
  Conv conv;
} Encode;

typedef struct {
  int32_t input, height, width, channels;
  Dense dense;
  Requantizer requantizer;
  int32_t output;
} Downsample;

/* Convolution and activation strip by strip; accumulators and shortcut are -1 where there are none. */
typedef struct {
  int32_t codes, accumulators, shortcut;
  Activation activation;
  int32_t output;
  Conv conv;
} Block;

typedef struct {
  int32_t input, positions, channels, shift, reciprocal, output;
} Average;

typedef struct {
  int32_t input, bias;
  Dense dense;
  int32_t output;
} Classify;

/* A convolution alone. */
typedef struct {
  int32_t codes, accumulators;
  Conv conv;
} Convolve;

/* An activation alone. */
typedef struct {
  int32_t accumulators, shortcut, positions, channels;
  Activation activation;
  int32_t output;
} Activate;

typedef struct {
  const uint8_t *constants;
  uint8_t *arena, *scratch;
  int part, parts;
} Thread;

#define CONSTANTS(type, offset) ((const type *)(thread->constants + (offset)))
#define ARENA(type, offset) ((type *)(thread->arena + (offset)))

static void run_pad_image(const Thread *thread, const PadImage *op) {
  const int row_values = op->width * op->channels, padded = row_values + 2 * op->pad * op->channels;
  const Range rows = share(op->height + 2 * op->pad, 1, thread->part, thread->parts);
  const uint8_t *zero = CONSTANTS(uint8_t, op->zero);
  for (int row = rows.first; row < rows.end; row++) {
    int16_t *to = ARENA(int16_t, op->output) + row * padded;
    for (int i = 0; i < padded; i++) to[i] = 0;
    const int from = row - op->pad;
    if (from < 0 || from >= op->height) continue;
    to += op->pad * op->channels;
    const uint8_t *image = ARENA(uint8_t, op->image) + from * row_values;
    for (int i = 0; i < row_values; i += op->channels) {
      for (int c = 0; c < op->channels; c++) to[i + c] = (int16_t)(image[i + c] - zero[c]);
    }
  }
}

static void run_stem(const Thread *thread, const Stem *op) {
  const int channels = op->dense.channels;
  const Range rows = share(op->height, 1, thread->part, thread->parts);
  for (int row = rows.first; row < rows.end; row++) {
    int32_t *sums = op->accumulators < 0
                        ? (int32_t *)thread->scratch
                        : ARENA(int32_t, op->accumulators) + row * op->width * channels;
    const int16_t *x = ARENA(int16_t, op->image) + row * op->row_step;
    dense_positions(op->dense, thread->constants, x, op->step, op->row_length, sums, op->width);
    int16_t *out = ARENA(int16_t, op->output) + row * op->width * channels;
    requantize_all(op->requantizer, thread->constants, sums, out, op->width, channels);
  }
}

static void run_max_pool(const Thread *thread, const MaxPool *op, int sums) {
  const Range rows = share((op->height + 1) / 2, 1, thread->part, thread->parts);
  for (int row = rows.first; row < rows.end; row++) {
    const int at = row * ((op->width + 1) / 2) * op->channels;
    if (sums) {
      max_pool_sums_row(ARENA(int32_t, op->input), ARENA(int32_t, op->output) + at, op->size, op->height,
                        op->width, op->channels, row);
    } else {
      max_pool_row(ARENA(int16_t, op->input), ARENA(int16_t, op->output) + at, op->size, op->height, op->width,
                   op->channels, row);
    }
  }
}

static void run_encode(const Thread *thread, const Encode *op) {
  const Range rows = share(rows_of_codes(&op->conv), 1, thread->part, thread->parts);
  if (op->conv.kind >= VALUE_PLANES) {
    encode_values(&op->conv, ARENA(int16_t, op->input), CONSTANTS(int16_t, op->constants),
                  ARENA(int16_t, op->codes), rows.first, rows.end);
    return;
  }
  encode_rows(&op->conv, ARENA(int16_t, op->input), CONSTANTS(int16_t, op->constants),
              ARENA(uint8_t, op->codes), thread->scratch, rows.first, rows.end);
}

static void run_transpose(const Thread *thread, const Encode *op) {
  const int count = rows_of_codes(&op->conv) * op->conv.out_width;
  const Range positions = share((count + 15) / 16 * 16, 16, thread->part, thread->parts);
  if (op->conv.kind >= VALUE_PLANES) {
    transpose_values(&op->conv, ARENA(int16_t, op->codes), ARENA(int16_t, op->transposed), positions.first,
                     positions.end);
    return;
  }
  transpose_codes(&op->conv, ARENA(uint8_t, op->codes), ARENA(uint8_t, op->transposed), positions.first,
                  positions.end);
}

static void run_downsample(const Thread *thread, const Downsample *op) {
  const int width = (op->width + 1) / 2, channels = op->dense.channels;
  const Range rows = share((op->height + 1) / 2, 1, thread->part, thread->parts);
  int16_t *pooled = (int16_t *)thread->scratch;
  int32_t *sums = (int32_t *)(pooled + width * op->channels);
  for (int row = rows.first; row < rows.end; row++) {
    average_pool_row(ARENA(int16_t, op->input), pooled, op->height, op->width, op->channels, row);
    dense_positions(op->dense, thread->constants, pooled, op->channels, 0, sums, width);
    int16_t *out = ARENA(int16_t, op->output) + row * width * channels;
    requantize_all(op->requantizer, thread->constants, sums, out, width, channels);
  }
}

static void run_block(const Thread *thread, const Block *op) {
  const int channels = op->conv.out_channels;
  const Range positions =
      share(op->conv.out_height * op->conv.out_width, VECTOR, thread->part, thread->parts);
  for (int first = positions.first; first < positions.end; first += STRIP) {
    const int count = smaller(STRIP, positions.end - first), at = first * channels;
    int32_t *sums = op->accumulators < 0 ? (int32_t *)thread->scratch : ARENA(int32_t, op->accumulators) + at;
    uint8_t *rest = thread->scratch + STRIP * channels * 4;
    convolve_strip(&op->conv, ARENA(uint8_t, op->codes), thread->constants, rest, sums, first, count);
    const int16_t *shortcut = op->shortcut < 0 ? NULL : ARENA(int16_t, op->shortcut) + at;
    activate(op->activation, thread->constants, sums, shortcut, ARENA(int16_t, op->output) + at, count,
             channels);
  }
}

static void run_average(const Thread *thread, const Average *op) {
  const Range channels = share(op->channels, VECTOR, thread->part, thread->parts);
  global_average(ARENA(int16_t, op->input), ARENA(int16_t, op->output), op->positions, op->channels, op->shift,
                 op->reciprocal, channels.first, channels.end);
}

static void run_classify(const Thread *thread, const Classify *op) {
  int32_t *out = ARENA(int32_t, op->output);
  const int32_t *bias = CONSTANTS(int32_t, op->bias);
  if (thread->part > 0) return;
  dense_positions(op->dense, thread->constants, ARENA(int16_t, op->input), 0, 0, out, 1);
  for (int k = 0; k < op->dense.channels; k++) out[k] += bias[k];
}

static void run_convolve(const Thread *thread, const Convolve *op) {
  const Range positions =
      share(op->conv.out_height * op->conv.out_width, VECTOR, thread->part, thread->parts);
  for (int first = positions.first; first < positions.end; first += STRIP) {
    convolve_strip(&op->conv, ARENA(uint8_t, op->codes), thread->constants, thread->scratch,
                   ARENA(int32_t, op->accumulators) + first * op->conv.out_channels, first,
                   smaller(STRIP, positions.end - first));
  }
}

static void run_activate(const Thread *thread, const Activate *op) {
  const Range positions = share(op->positions, 1, thread->part, thread->parts);
  const int at = positions.first * op->channels;
  const int16_t *shortcut = op->shortcut < 0 ? NULL : ARENA(int16_t, op->shortcut) + at;
  activate(op->activation, thread->constants, ARENA(int32_t, op->accumulators) + at, shortcut,
           ARENA(int16_t, op->output) + at, positions.end - positions.first, op->channels);
}

/* Runs one thread's part of the operation that starts at `op`: its code, then its fields. */
static void run_operation(const Thread *thread, const int32_t *op) {
  const int32_t *fields = op + 1;
  switch (op[0]) {
    case PAD_IMAGE: run_pad_image(thread, (const PadImage *)fields); break;
    case STEM: run_stem(thread, (const Stem *)fields); break;
    case MAX_POOL: run_max_pool(thread, (const MaxPool *)fields, 0); break;
    case ENCODE: run_encode(thread, (const Encode *)fields); break;
    case TRANSPOSE: run_transpose(thread, (const Encode *)fields); break;
    case DOWNSAMPLE: run_downsample(thread, (const Downsample *)fields); break;
    case BLOCK: run_block(thread, (const Block *)fields); break;
    case CONVOLVE: run_convolve(thread, (const Convolve *)fields); break;
    case MAX_POOL_SUMS: run_max_pool(thread, (const MaxPool *)fields, 1); break;
    case ACTIVATE: run_activate(thread, (const Activate *)fields); break;
    case AVERAGE: run_average(thread, (const Average *)fields); break;
    case CLASSIFY: run_classify(thread, (const Classify *)fields); break;
  }
}
