/*
 * What an operation must keep so that, whatever lies in the arena, it reads and writes nothing but its own constants,
 * the arena and the scratch. Every operation has a check of its fields beside the kernel's reading of them; the
 * table at the end names all of them.
 */
#pragma once

/* The kernels are written in the vector extensions of GCC and Clang. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "../kernels/program.h"
#pragma GCC diagnostic pop

typedef struct {
  const uint8_t *constants;
  uint64_t constant_bytes, arena_bytes, scratch_bytes;
  /* Steps of all operations so far. */
  uint64_t steps;
  /* What is wrong first, or NULL. */
  const char *wrong;
} Checks;

/* Sides of maps, channels and other small counts. */
#define MOST 65536

static void require(Checks *checks, int holds, const char *otherwise) {
  if (!holds && !checks->wrong) checks->wrong = otherwise;
}

/* Products and sums of what an image says: far off limits rather than wrapped around. */
#define FAR ((uint64_t)1 << 62)

static uint64_t times(uint64_t a, uint64_t b) { return b != 0 && a > FAR / b ? FAR : a * b; }
static uint64_t product(size_t count, const int32_t *factors) {
  uint64_t all = 1;
  for (size_t i = 0; i < count; i++) all = factors[i] < 0 ? FAR : times(all, (uint64_t)factors[i]);
  return all;
}
#define PRODUCT(...) product(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), (const int32_t[]){__VA_ARGS__})

static int lies_within(int32_t offset, uint64_t bytes, uint64_t size, int alignment) {
  return offset >= 0 && offset % alignment == 0 && (uint64_t)offset <= size && bytes <= size - (uint64_t)offset;
}
static void in_arena(Checks *checks, int32_t offset, uint64_t bytes, int alignment, const char *otherwise) {
  require(checks, lies_within(offset, bytes, checks->arena_bytes, alignment), otherwise);
}
static void in_constants(Checks *checks, int32_t offset, uint64_t bytes, int alignment, const char *otherwise) {
  require(checks, lies_within(offset, bytes, checks->constant_bytes, alignment), otherwise);
}
static void in_scratch(Checks *checks, uint64_t bytes) {
  require(checks, bytes <= checks->scratch_bytes, "the scratch is too small");
}
static void steps(Checks *checks, uint64_t count) {
  checks->steps = checks->steps > FAR - count ? FAR : checks->steps + count;
}

static int within(int32_t value, int32_t least, int32_t most) { return value >= least && value <= most; }
static void sides(Checks *checks, int32_t height, int32_t width) {
  require(checks, within(height, 1, MOST) && within(width, 1, MOST), "a map's sides");
}
/* Channels of a stored map. */
static void stored(Checks *checks, int32_t channels) {
  require(checks, within(channels, 1, MOST) && channels % VECTOR == 0, "channels are no whole vectors");
}

static void check_requantizer(Checks *checks, Requantizer q, int32_t channels) {
  require(checks, within(q.pre_shift, 0, 24) && within(q.shift, 0, 24), "a shift");
  in_constants(checks, q.multiplier, PRODUCT(channels, 4), 4, "multipliers");
  in_constants(checks, q.offset, PRODUCT(channels, 4), 4, "offsets of requantizing");
}

static void check_activation(Checks *checks, Activation a, int32_t channels) {
  check_requantizer(checks, a.requantizer, channels);
  in_constants(checks, a.slope, PRODUCT(channels, 2), 2, "slopes");
  in_constants(checks, a.shift_out, PRODUCT(channels, 2), 2, "shifts");
}

static void check_dense(Checks *checks, Dense dense, uint64_t positions) {
  stored(checks, dense.channels);
  require(checks, within(dense.rows, 1, MOST) && within(dense.pairs, 1, MOST), "taps");
  in_constants(checks, dense.weights, PRODUCT(dense.rows, dense.pairs, dense.channels, 4), 2, "weights");
  steps(checks, times(positions, PRODUCT(dense.rows, dense.pairs, dense.channels)));
}

/* Planes of a unit. */
static int32_t planes_of(const Conv *conv) {
  switch (conv->kind) {
    case SPLIT_PLANES: return 48;
    case VALUE_SPLIT: return SPLIT_VALUE_PLANES;
    default: return conv->antipodal ? 2 * conv->responses : conv->responses;
  }
}
static int32_t words_of(const Conv *conv) { return (conv->in_channels + 31) / 32; }
static int of_values(const Conv *conv) { return conv->kind == VALUE_PLANES || conv->kind == VALUE_SPLIT; }
static int by_planes(const Conv *conv) {
  return conv->kind == PLANES || conv->kind == SPLIT_PLANES || of_values(conv);
}

/* Bytes of a channel's codes at a position. */
static uint64_t code_bytes(const Conv *conv) { return of_values(conv) ? 3 * sizeof(int16_t) : 1; }

/* Bytes of codes as they are encoded. */
static uint64_t plain_bytes(const Conv *conv) {
  switch (conv->kind) {
    case NIBBLES: return PRODUCT(conv->height + 2, conv->width + 2, conv->in_channels / 4);
    case POPCOUNT: return PRODUCT(conv->height + 2, conv->width + 2, words_of(conv), 4);
    default: return times(PRODUCT(conv->height + 2, conv->out_width, conv->in_channels), code_bytes(conv));
  }
}

/* Bytes of codes by channels: a channel's are positions, and a strip beyond them. */
static uint64_t transposed_bytes(const Conv *conv) {
  const uint64_t channel = (PRODUCT(conv->height + 2, conv->out_width) + STRIP + 15) / 16 * 16;
  return times(times(channel, (uint64_t)conv->in_channels), code_bytes(conv));
}

/* What all that reads a Conv relies on. */
static void check_conv(Checks *checks, const Conv *conv) {
  require(checks, within(conv->kind, PLANES, VALUE_SPLIT), "the kind of a convolution");
  sides(checks, conv->height, conv->width);
  require(checks, within(conv->stride, 1, 2), "a stride");
  stored(checks, conv->in_channels);
  stored(checks, conv->out_channels);
  require(checks, within(conv->inputs, 1, conv->in_channels), "inputs");
  require(checks, within(conv->outputs, 1, conv->out_channels), "outputs");
  if (checks->wrong) return;
  require(checks,
          conv->out_height == (conv->height + conv->stride - 1) / conv->stride &&
              conv->out_width == (conv->width + conv->stride - 1) / conv->stride,
          "sides of a convolution's output");
}

/* Picks name planes of their unit, with 1 bit those of the first four taps and of the last five in turn. */
static void check_picks(Checks *checks, const Conv *conv) {
  const int split = conv->kind == SPLIT_PLANES;
  const uint64_t count = PRODUCT(conv->inputs, conv->outputs, split ? 2 : 1);
  in_constants(checks, conv->weights, count, 1, "picks");
  if (checks->wrong) return;
  const uint8_t *picks = checks->constants + conv->weights;
  const size_t planes = split ? 32 : (size_t)planes_of(conv), plane = STRIP / pick_scale(planes);
  const size_t last[2] = {((split ? 16 : planes) - 1) * plane, (planes - 1) * plane};
  size_t most[2] = {0, 0};
  for (uint64_t i = 0; i < count; i++) {
    if (picks[i] > most[i & 1]) most[i & 1] = picks[i];
  }
  require(checks, most[0] <= last[0] && most[1] <= last[1], "a pick beyond the planes");
}

/* Numbers of planes, each below `end`. */
static void check_numbers(Checks *checks, int32_t offset, uint64_t count, int32_t end, const char *otherwise) {
  in_constants(checks, offset, count, 1, otherwise);
  if (checks->wrong) return;
  for (uint64_t i = 0; i < count; i++) require(checks, checks->constants[(uint64_t)offset + i] < end, otherwise);
}

/* A kernel's constants, and `before` bytes of scratch and its own. */
static void check_kernel(Checks *checks, const Conv *conv, uint64_t before) {
  check_conv(checks, conv);
  require(checks, within(conv->chunk, 1, MOST) && within(conv->chunks, 1, MOST), "chunks");
  require(checks, within(conv->antipodal, 0, 1), "antipodal is neither 0 nor 1");
  require(checks, conv->kind == PLANES         ? within(conv->responses, 2, 256) && conv->responses % 2 == 0
                  : conv->kind == LOOKUP       ? within(conv->responses, 1, 32)
                  : conv->kind == VALUE_PLANES ? within(conv->responses, 1, 256)
                                               : conv->responses == 0,
          "the number of responses");
  if (checks->wrong) return;
  const int32_t nibbles = 9 * conv->in_channels / 4, words = 9 * words_of(conv);
  uint64_t own = PRODUCT(2, STRIP, conv->out_channels), units = (uint64_t)conv->inputs;
  switch (conv->kind) {
    case PLANES:
    case SPLIT_PLANES:
      in_constants(checks, conv->tables, conv->kind == PLANES ? PRODUCT(24, conv->responses) : 256, 1, "tables");
      check_picks(checks, conv);
      own = PRODUCT(3, STRIP, conv->out_channels) +
            PRODUCT(planes_of(conv), smaller(conv->chunk, conv->inputs), STRIP);
      break;
    case LOOKUP:
      in_constants(checks, conv->tables, PRODUCT(512, conv->responses > 16 ? 32 : 16), 1, "tables");
      in_constants(checks, conv->weights, PRODUCT(conv->inputs, conv->out_channels), 1, "indices");
      if (conv->antipodal) {
        const int32_t visits = (conv->inputs + conv->chunk - 1) / conv->chunk;
        in_constants(checks, conv->biases, PRODUCT(visits, conv->out_channels), 1, "biases");
      }
      own += PRODUCT(2, STRIP, conv->in_channels);
      break;
    case NIBBLES:
      units = (uint64_t)nibbles;
      in_constants(checks, conv->tables, 256 + 16, 1, "tables");
      in_constants(checks, conv->weights, PRODUCT(nibbles, conv->out_channels), 1, "patterns");
      own += PRODUCT(2, STRIP, nibbles) + VECTOR;
      break;
    case POPCOUNT:
      units = (uint64_t)words;
      in_constants(checks, conv->weights, PRODUCT(words, conv->out_channels, 4), 4, "words of weights");
      own += PRODUCT(4, STRIP, words);
      break;
    case VALUE_PLANES:
    case VALUE_SPLIT:
      check_numbers(checks, conv->tables, PRODUCT(3, conv->responses), ROW_PLANES, "members");
      check_numbers(checks, conv->weights, PRODUCT(conv->inputs, conv->outputs, conv->kind == VALUE_SPLIT ? 2 : 1),
                    planes_of(conv), "a pick beyond the planes");
      own = PRODUCT(PLANE_BYTES, conv->out_channels) +
            PRODUCT(PLANE_BYTES, planes_of(conv), smaller(conv->chunk, conv->inputs));
      break;
  }
  if (conv->edges != -1) {
    in_constants(checks, conv->edges, PRODUCT(9, conv->out_channels, 4), 4, "sums of the edges");
  }
  in_scratch(checks, before + own);
  const uint64_t positions = PRODUCT(conv->out_height, conv->out_width) + STRIP;
  const uint64_t each = (uint64_t)conv->out_channels + (by_planes(conv) ? (uint64_t)planes_of(conv) : 0);
  steps(checks, times(positions, times(units + 9, each)));
}

static void check_codes(Checks *checks, const Conv *conv, int32_t codes) {
  in_arena(checks, codes, by_planes(conv) ? transposed_bytes(conv) : plain_bytes(conv), 4, "codes");
}

static void check_pad_image(Checks *checks, const PadImage *op) {
  sides(checks, op->height, op->width);
  require(checks, within(op->channels, 1, MOST) && within(op->pad, 0, 16), "channels or padding");
  if (checks->wrong) return;
  const int32_t height = op->height + 2 * op->pad, width = op->width + 2 * op->pad;
  in_arena(checks, op->image, PRODUCT(op->height, op->width, op->channels), 1, "the image");
  in_arena(checks, op->output, PRODUCT(height, width, op->channels, 2), 2, "output");
  in_constants(checks, op->zero, (uint64_t)op->channels, 1, "zeros");
  steps(checks, PRODUCT(height, width, op->channels));
}

static void check_stem(Checks *checks, const Stem *op) {
  const int32_t channels = op->dense.channels;
  sides(checks, op->height, op->width);
  check_dense(checks, op->dense, PRODUCT(op->height, op->width));
  check_requantizer(checks, op->requantizer, channels);
  if (checks->wrong) return;
  const uint64_t last = PRODUCT(op->height - 1, op->row_step) + PRODUCT(op->width - 1, op->step) +
                        PRODUCT(op->dense.rows - 1, op->row_length) + PRODUCT(2, op->dense.pairs);
  require(checks, op->row_step >= 0 && op->step >= 0 && op->row_length >= 0, "a step back");
  in_arena(checks, op->image, times(2, last), 2, "the padded image");
  in_arena(checks, op->output, PRODUCT(op->height, op->width, channels, 2), 2, "output");
  if (op->accumulators == -1) in_scratch(checks, PRODUCT(op->width, channels, 4));
  else in_arena(checks, op->accumulators, PRODUCT(op->height, op->width, channels, 4), 4, "accumulators");
}

static void check_pooling(Checks *checks, const MaxPool *op, int bytes) {
  sides(checks, op->height, op->width);
  require(checks, within(op->size, 2, 3), "the size of a pooling window");
  stored(checks, op->channels);
  if (checks->wrong) return;
  const int32_t height = (op->height + 1) / 2, width = (op->width + 1) / 2;
  in_arena(checks, op->input, PRODUCT(op->height, op->width, op->channels, bytes), bytes, "input");
  in_arena(checks, op->output, PRODUCT(height, width, op->channels, bytes), bytes, "output");
  steps(checks, PRODUCT(9, height, width, op->channels));
}
static void check_max_pool(Checks *checks, const MaxPool *op) { check_pooling(checks, op, 2); }
static void check_max_pool_sums(Checks *checks, const MaxPool *op) { check_pooling(checks, op, 4); }

static void check_encode(Checks *checks, const Encode *op) {
  const Conv *conv = &op->conv;
  check_conv(checks, conv);
  if (checks->wrong) return;
  in_arena(checks, op->input, PRODUCT(conv->height, conv->width, conv->in_channels, 2), 2, "input");
  in_constants(checks, op->constants, PRODUCT(conv->in_channels, 2), 2, "thresholds or shifts");
  in_arena(checks, op->codes, plain_bytes(conv), 4, "codes");
  in_scratch(checks, PRODUCT(conv->width + 2, conv->in_channels));
  steps(checks, PRODUCT(4, conv->height + 2, conv->width + 2, conv->in_channels));
}

static void check_transpose(Checks *checks, const Encode *op) {
  const Conv *conv = &op->conv;
  check_conv(checks, conv);
  if (checks->wrong) return;
  const uint64_t positions = (PRODUCT(conv->height + 2, conv->out_width) + 15) / 16 * 16;
  in_arena(checks, op->codes, times(times(positions, (uint64_t)conv->in_channels), code_bytes(conv)), 2, "codes");
  in_arena(checks, op->transposed, transposed_bytes(conv), 1, "transposed codes");
  steps(checks, times(positions, (uint64_t)conv->in_channels));
}

static void check_downsample(Checks *checks, const Downsample *op) {
  const int32_t channels = op->dense.channels;
  sides(checks, op->height, op->width);
  stored(checks, op->channels);
  if (checks->wrong) return;
  const int32_t height = (op->height + 1) / 2, width = (op->width + 1) / 2;
  check_dense(checks, op->dense, PRODUCT(height, width));
  check_requantizer(checks, op->requantizer, channels);
  require(checks, op->dense.pairs <= op->channels / 2, "taps beyond a position");
  in_arena(checks, op->input, PRODUCT(op->height, op->width, op->channels, 2), 2, "input");
  in_arena(checks, op->output, PRODUCT(height, width, channels, 2), 2, "output");
  in_scratch(checks, PRODUCT(width, op->channels, 2) + PRODUCT(width, channels, 4));
  steps(checks, PRODUCT(4, height, width, op->channels));
}

static void check_block(Checks *checks, const Block *op) {
  const Conv *conv = &op->conv;
  check_kernel(checks, conv, PRODUCT(4, STRIP, conv->out_channels));
  if (checks->wrong) return;
  const uint64_t values = PRODUCT(conv->out_height, conv->out_width, conv->out_channels);
  check_activation(checks, op->activation, conv->out_channels);
  check_codes(checks, conv, op->codes);
  in_arena(checks, op->output, times(2, values), 2, "output");
  if (op->shortcut != -1) in_arena(checks, op->shortcut, times(2, values), 2, "the shortcut");
  if (op->accumulators != -1) in_arena(checks, op->accumulators, times(4, values), 4, "accumulators");
}

static void check_convolve(Checks *checks, const Convolve *op) {
  const Conv *conv = &op->conv;
  check_kernel(checks, conv, 0);
  if (checks->wrong) return;
  check_codes(checks, conv, op->codes);
  in_arena(checks, op->accumulators, PRODUCT(conv->out_height, conv->out_width, conv->out_channels, 4), 4,
           "accumulators");
}

static void check_activate(Checks *checks, const Activate *op) {
  stored(checks, op->channels);
  require(checks, op->positions >= 1, "positions");
  if (checks->wrong) return;
  const uint64_t values = PRODUCT(op->positions, op->channels);
  check_activation(checks, op->activation, op->channels);
  in_arena(checks, op->accumulators, times(4, values), 4, "accumulators");
  in_arena(checks, op->output, times(2, values), 2, "output");
  if (op->shortcut != -1) in_arena(checks, op->shortcut, times(2, values), 2, "the shortcut");
  steps(checks, values);
}

static void check_average(Checks *checks, const Average *op) {
  stored(checks, op->channels);
  require(checks, op->positions >= 1 && within(op->shift, 0, 24), "positions or shift");
  in_arena(checks, op->input, PRODUCT(op->positions, op->channels, 2), 2, "input");
  in_arena(checks, op->output, PRODUCT(op->channels, 2), 2, "output");
  steps(checks, PRODUCT(op->positions, op->channels));
}

static void check_classify(Checks *checks, const Classify *op) {
  check_dense(checks, op->dense, 1);
  in_arena(checks, op->input, PRODUCT(op->dense.pairs, 4), 2, "input");
  in_constants(checks, op->bias, PRODUCT(op->dense.channels, 4), 4, "biases");
  in_arena(checks, op->output, PRODUCT(op->dense.channels, 4), 4, "output");
}

#define WORD(type, field) (1 + (int32_t)(offsetof(type, field) / sizeof(int32_t)))

/* Every operation: its code, name, fields and check, and which of its words says where accumulators are kept, or 0. */
#define EACH_OPERATION(X)                                                 \
  X(PAD_IMAGE, "padImage", PadImage, check_pad_image, 0)                  \
  X(STEM, "stem", Stem, check_stem, WORD(Stem, accumulators))             \
  X(MAX_POOL, "maxPool", MaxPool, check_max_pool, 0)                      \
  X(ENCODE, "encode", Encode, check_encode, 0)                            \
  X(TRANSPOSE, "transpose", Encode, check_transpose, 0)                   \
  X(DOWNSAMPLE, "downsample", Downsample, check_downsample, 0)            \
  X(BLOCK, "block", Block, check_block, WORD(Block, accumulators))        \
  X(CONVOLVE, "convolve", Convolve, check_convolve, 0)                    \
  X(MAX_POOL_SUMS, "maxPoolSums", MaxPool, check_max_pool_sums, 0)        \
  X(ACTIVATE, "activate", Activate, check_activate, 0)                    \
  X(AVERAGE, "average", Average, check_average, 0)                        \
  X(CLASSIFY, "classify", Classify, check_classify, 0)

typedef struct {
  const char *name;
  int32_t words, sums_word;
} OperationKind;

static const OperationKind operation_kinds[] = {
#define KIND(code, name, type, check, sums) [code] = {name, 1 + (int32_t)(sizeof(type) / sizeof(int32_t)), sums},
    EACH_OPERATION(KIND)
#undef KIND
};
enum { OPERATION_KINDS = sizeof operation_kinds / sizeof *operation_kinds };

/* Checks an operation of a known code. */
static void check_operation(Checks *checks, const int32_t *words) {
  switch (words[0]) {
#define CASE(code, name, type, check, sums) \
  case code: check(checks, (const type *)(words + 1)); break;
    EACH_OPERATION(CASE)
#undef CASE
  }
}
