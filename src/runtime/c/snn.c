/* The library of snn.h: loads runtime images and runs them with the kernels. */
#include "snn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "image.h"

/* The most memory that an image may ask for: arena, scratch and what a probe takes. */
#ifndef SNN_MOST_MEMORY
#define SNN_MOST_MEMORY 0x40000000
#endif

/*
 * The most steps of an image, for each of its bytes and each pixel of its input and 1024 more: a byte of weights
 * serves a position with a step or two, and no map has more positions than the input.
 */
enum { STEPS = 4, MORE_PIXELS = 1024 };

/* A cache line. */
enum { LINE = 64 };

struct snn_model {
  const Header *header;
  const uint8_t *constants;
  /* [operations], each its code and its fields. */
  const int32_t **operations;
  const Map *maps;
  /* [1 + maps + classes]: of the model, of maps and of classes. */
  const char **names;
  uint8_t *arena, *scratch;
  size_t memory;
  uint64_t steps;
};

static int refuse(snn_error *error, snn_status status, const char *format, ...) {
  if (error) {
    va_list values;
    va_start(values, format);
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, values);
    va_end(values);
  }
  return 0;
}

static size_t whole_lines(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

/* Memory at a whole cache line, all 0. */
static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(LINE, bytes > 0 ? whole_lines(bytes) : LINE);
  if (memory) memset(memory, 0, bytes);
  return memory;
}

static const Map *last_map(const Header *header) {
  return (const Map *)((const uint8_t *)header + header->maps_start) + header->maps - 1;
}

/* What tells an image from other bytes, and a whole one from a damaged one. */
static int check_envelope(const uint8_t *bytes, size_t size, snn_error *error) {
  if ((uintptr_t)bytes % 16 != 0) {
    return refuse(error, SNN_MISALIGNED, "the image must start at a multiple of 16 bytes");
  }
  if (size < 16 || memcmp(bytes, image_magic, sizeof image_magic) != 0) {
    return refuse(error, SNN_NO_IMAGE, "these bytes are no runtime image");
  }
  const Header *header = (const Header *)bytes;
  if (header->version != SNN_IMAGE_VERSION) {
    const snn_status status = header->version > SNN_IMAGE_VERSION ? SNN_NEWER : SNN_NO_IMAGE;
    return refuse(error, status, "the image has format %u, this library loads format %d", header->version,
                  SNN_IMAGE_VERSION);
  }
  if (size < sizeof(Header) + 4 || header->size != size) {
    return refuse(error, SNN_DAMAGED, "the image has %u bytes, %zu were given", header->size, size);
  }
  uint32_t stored;
  memcpy(&stored, bytes + size - 4, 4);
  if (crc32c(bytes, size - 4) != stored) return refuse(error, SNN_DAMAGED, "the image was changed: its CRC differs");
  if (header->vector != VECTOR) {
    return refuse(error, SNN_OTHER_VECTORS, "the image was made for vectors of %d bytes, this build has %d",
                  header->vector, VECTOR);
  }
  return 1;
}

/* The parts of an image: they follow each other, the constants at a whole cache line. */
static int check_parts(const Header *header, snn_error *error) {
  const int64_t operations_end = header->maps_start, maps_end = header->strings_start;
  const int64_t strings_end = (int64_t)header->strings_start + header->string_bytes;
  const int ordered = header->operations_start == sizeof(Header) && header->operations >= 1 &&
                      operations_end >= (int64_t)sizeof(Header) && operations_end % 4 == 0 && header->maps >= 1 &&
                      operations_end + (int64_t)sizeof(Map) * header->maps == maps_end &&
                      header->string_bytes >= 1 && header->classes >= 0 && header->constant_bytes >= 0 &&
                      header->constants_start % LINE == 0 && header->constants_start >= strings_end &&
                      (int64_t)header->constants_start + header->constant_bytes + 4 == (int64_t)header->size;
  if (!ordered) return refuse(error, SNN_INVALID, "the parts of the image do not fit together");
  const int64_t memory = (int64_t)header->arena_bytes + header->scratch_bytes;
  if (header->arena_bytes % LINE != 0 || header->scratch_bytes % LINE != 0) {
    return refuse(error, SNN_INVALID, "the arena or the scratch is no whole number of cache lines");
  }
  if (header->arena_bytes < 0 || header->scratch_bytes < 0 || memory > SNN_MOST_MEMORY) {
    return refuse(error, SNN_INVALID, "the image asks for more memory than %d bytes", SNN_MOST_MEMORY);
  }
  return 1;
}

static Checks checks_of(const Header *header) {
  return (Checks){.constants = (const uint8_t *)header + header->constants_start,
                  .constant_bytes = (uint64_t)header->constant_bytes,
                  .arena_bytes = (uint64_t)header->arena_bytes,
                  .scratch_bytes = (uint64_t)header->scratch_bytes};
}

/* Every operation, and room in the image for no more of them; `operations` is filled if it is not NULL. */
static int check_operations(const Header *header, const int32_t **operations, uint64_t *taken, snn_error *error) {
  const int32_t *word = (const int32_t *)((const uint8_t *)header + header->operations_start);
  const int32_t *end = (const int32_t *)((const uint8_t *)header + header->maps_start);
  Checks checks = checks_of(header);
  for (int32_t i = 0; i < header->operations; i++) {
    if (end - word < 2) return refuse(error, SNN_INVALID, "operation %d is missing", i);
    const int32_t words = word[0], code = word[1];
    if (code < 0 || code >= OPERATION_KINDS) {
      return refuse(error, SNN_INVALID, "operation %d has code %d, which is none", i, code);
    }
    const OperationKind *kind = &operation_kinds[code];
    if (words != kind->words || end - word <= words) {
      return refuse(error, SNN_INVALID, "operation %d (%s) has %d words, not %d", i, kind->name, words, kind->words);
    }
    check_operation(&checks, word + 1);
    if (checks.wrong) return refuse(error, SNN_INVALID, "operation %d (%s): %s", i, kind->name, checks.wrong);
    if (operations) operations[i] = word + 1;
    word += 1 + words;
  }
  if (word != end) return refuse(error, SNN_INVALID, "there are words behind the last operation");
  const uint64_t pixels = PRODUCT(header->height, header->width) + MORE_PIXELS;
  if (checks.steps > times(times(pixels, header->size), STEPS)) {
    return refuse(error, SNN_INVALID, "the image would run for too long");
  }
  *taken = checks.steps;
  return 1;
}

static uint64_t map_bytes(const Map *map) { return PRODUCT(map->height, map->width, map->stored, map->value_bytes); }

/* An operation told to keep its accumulators behind the arena. */
typedef struct {
  int32_t words[64];
} Redirected;
_Static_assert(sizeof(Stem) < sizeof(Redirected) && sizeof(Block) < sizeof(Redirected), "with their code");

static Redirected redirect(const int32_t *operation, int32_t word, int32_t to) {
  Redirected copy;
  memcpy(copy.words, operation, sizeof(int32_t) * (size_t)operation_kinds[operation[0]].words);
  copy.words[word] = to;
  return copy;
}

/* Every map lies within the arena, or can be put behind it. */
static int check_maps(const Header *header, const Map *maps, const int32_t *const *operations, snn_error *error) {
  for (int32_t i = 0; i < header->maps; i++) {
    const Map *map = &maps[i];
    const uint64_t bytes = map_bytes(map);
    Checks checks = checks_of(header);
    sides(&checks, map->height, map->width);
    require(&checks, within(map->channels, 1, MOST) && within(map->stored, map->channels, MOST), "channels");
    require(&checks, map->value_bytes == 2 || map->value_bytes == 4, "bytes of a value");
    require(&checks, within(map->operation, 0, header->operations - 1), "its operation");
    if (!checks.wrong && map->offset != -1) {
      in_arena(&checks, map->offset, bytes, map->value_bytes, "it lies outside of the arena");
    } else if (!checks.wrong) {
      const int32_t *operation = operations[map->operation];
      require(&checks, map->word != 0 && map->word == operation_kinds[operation[0]].sums_word, "its word");
      require(&checks, map->value_bytes == 4 && checks.arena_bytes + bytes <= SNN_MOST_MEMORY, "its size");
      if (!checks.wrong) {
        const Redirected copy = redirect(operation, map->word, header->arena_bytes);
        checks.arena_bytes += bytes;
        check_operation(&checks, copy.words);
      }
    }
    if (checks.wrong) return refuse(error, SNN_INVALID, "map %d: %s", i, checks.wrong);
  }
  const Map *result = last_map(header);
  if (result->offset == -1) return refuse(error, SNN_INVALID, "the last map is not in the arena");
  const uint64_t values = PRODUCT(result->height, result->width, result->channels);
  if (values > MOST * 64 || (header->classes != 0 && (uint64_t)header->classes != values)) {
    return refuse(error, SNN_INVALID, "the number of classes");
  }
  return 1;
}

/* The names: each ends with 0; `names` is filled. */
static int find_names(const Header *header, const char **names, snn_error *error) {
  const char *from = (const char *)header + header->strings_start, *end = from + header->string_bytes;
  const int32_t count = 1 + header->maps + header->classes;
  for (int32_t i = 0; i < count; i++) {
    const char *last = from == end ? NULL : memchr(from, 0, (size_t)(end - from));
    if (!last) return refuse(error, SNN_INVALID, "name %d is missing", i);
    names[i] = from;
    from = last + 1;
  }
  return from == end || refuse(error, SNN_INVALID, "there are bytes behind the last name");
}

static int check_image_place(const Header *header, snn_error *error) {
  Checks checks = checks_of(header);
  sides(&checks, header->height, header->width);
  require(&checks, within(header->channels, 1, MOST), "its channels");
  in_arena(&checks, header->pixels, PRODUCT(header->height, header->width, header->channels), 1,
           "they lie outside of the arena");
  return !checks.wrong || refuse(error, SNN_INVALID, "the pixels: %s", checks.wrong);
}

snn_model *snn_load(const void *image, size_t size, snn_error *error) {
  snn_error unheard;
  if (!error) error = &unheard;
  *error = (snn_error){SNN_OK, ""};
  const uint8_t *bytes = image;
  if (!check_envelope(bytes, size, error)) return NULL;
  const Header *header = image;
  uint64_t taken;
  if (!check_parts(header, error) || !check_image_place(header, error) ||
      !check_operations(header, NULL, &taken, error)) {
    return NULL;
  }
  const int64_t names = 1 + (int64_t)header->maps + header->classes;
  if (names > header->string_bytes) {
    refuse(error, SNN_INVALID, "names are missing");
    return NULL;
  }
  const size_t lists = sizeof(void *) * ((size_t)header->operations + (size_t)names);
  const size_t arena = (size_t)header->arena_bytes, scratch = (size_t)header->scratch_bytes;
  snn_model *model = zeros(sizeof *model);
  if (model) {
    *model = (snn_model){.header = header,
                         .constants = bytes + header->constants_start,
                         .operations = zeros(lists),
                         .maps = (const Map *)(bytes + header->maps_start),
                         .arena = zeros(arena),
                         .scratch = zeros(scratch),
                         .memory = sizeof *model + lists + arena + scratch};
  }
  if (!model || !model->operations || !model->arena || !model->scratch) {
    refuse(error, SNN_OUT_OF_MEMORY, "%zu bytes of memory are not there", sizeof *model + lists + arena + scratch);
    snn_free(model);
    return NULL;
  }
  model->names = (const char **)(model->operations + header->operations);
  if (!check_operations(header, model->operations, &model->steps, error) ||
      !check_maps(header, model->maps, model->operations, error) || !find_names(header, model->names, error)) {
    snn_free(model);
    return NULL;
  }
  return model;
}

static int32_t values_of(const Map *map) { return map->height * map->width * map->channels; }

snn_info snn_sizes(const snn_model *model) {
  const Header *header = model->header;
  return (snn_info){
      .name = model->names[0],
      .height = header->height,
      .width = header->width,
      .channels = header->channels,
      .classes = values_of(last_map(header)),
      .class_names = header->classes > 0 ? model->names + 1 + header->maps : NULL,
      .logit_scale = header->logit_scale,
      .layers = header->maps,
      .weights = (size_t)header->constant_bytes,
      .memory = model->memory,
      .steps = model->steps,
  };
}

static void put_pixels(const Header *header, uint8_t *arena, const uint8_t *pixels) {
  memcpy(arena + header->pixels, pixels, (size_t)header->height * (size_t)header->width * (size_t)header->channels);
}

static int32_t value_at(const uint8_t *arena, const Map *map, int32_t offset, int position, int channel) {
  const int32_t at = position * map->stored + channel;
  return map->value_bytes == 2 ? ((const int16_t *)(arena + offset))[at] : ((const int32_t *)(arena + offset))[at];
}

/* Copies a map that lies at `offset`, [height, width, channels]. */
static void copy_map(const uint8_t *arena, const Map *map, int32_t offset, int32_t *values) {
  for (int position = 0; position < map->height * map->width; position++) {
    for (int c = 0; c < map->channels; c++) *values++ = value_at(arena, map, offset, position, c);
  }
}

int snn_run(snn_model *model, const uint8_t *pixels, int32_t *logits) {
  const Thread thread = {model->constants, model->arena, model->scratch, 0, 1};
  put_pixels(model->header, model->arena, pixels);
  for (int32_t i = 0; i < model->header->operations; i++) run_operation(&thread, model->operations[i]);
  const Map *result = last_map(model->header);
  if (logits) copy_map(model->arena, result, result->offset, logits);
  int best = 0;
  int32_t most = INT32_MIN;
  for (int i = 0; i < values_of(result); i++) {
    const int32_t value = value_at(model->arena, result, result->offset, i / result->channels, i % result->channels);
    if (value > most) {
      most = value;
      best = i;
    }
  }
  return best;
}

/* Room for the largest of the maps: as values, and as stored where only a probe keeps it. */
static void probe_sizes(const snn_model *model, size_t *values, size_t *kept) {
  *values = *kept = 0;
  for (int32_t i = 0; i < model->header->maps; i++) {
    const Map *map = &model->maps[i];
    const size_t count = (size_t)values_of(map), bytes = (size_t)map_bytes(map);
    if (count > *values) *values = count;
    if (map->offset == -1 && bytes > *kept) *kept = bytes;
  }
}

/* Shows the maps of an operation. */
static int show_maps(const snn_model *model, const uint8_t *arena, int32_t operation, int32_t *values,
                     snn_visitor *visit, void *context) {
  for (int32_t i = 0; i < model->header->maps; i++) {
    const Map *map = &model->maps[i];
    if (map->operation != operation) continue;
    copy_map(arena, map, map->offset == -1 ? model->header->arena_bytes : map->offset, values);
    const snn_layer layer = {i, model->names[1 + i], map->height, map->width, map->channels, values};
    const int ended = visit(context, &layer);
    if (ended) return ended;
  }
  return 0;
}

/* The word of an operation that says where accumulators are kept, if there is a map of them, or 0. */
static int32_t probed_word(const snn_model *model, int32_t operation) {
  for (int32_t i = 0; i < model->header->maps; i++) {
    if (model->maps[i].operation == operation && model->maps[i].offset == -1) return model->maps[i].word;
  }
  return 0;
}

int snn_probe(snn_model *model, const uint8_t *pixels, snn_visitor *visit, void *context) {
  const Header *header = model->header;
  size_t count, kept;
  probe_sizes(model, &count, &kept);
  uint8_t *arena = zeros((size_t)header->arena_bytes + kept);
  int32_t *values = malloc(sizeof(int32_t) * count);
  int ended = arena && values ? 0 : -1;
  if (!ended) put_pixels(header, arena, pixels);
  const Thread thread = {model->constants, arena, model->scratch, 0, 1};
  for (int32_t i = 0; !ended && i < header->operations; i++) {
    const int32_t word = probed_word(model, i);
    if (word == 0) {
      run_operation(&thread, model->operations[i]);
    } else {
      const Redirected copy = redirect(model->operations[i], word, header->arena_bytes);
      run_operation(&thread, copy.words);
    }
    ended = show_maps(model, arena, i, values, visit, context);
  }
  free(values);
  free(arena);
  return ended;
}

void snn_free(snn_model *model) {
  if (!model) return;
  free(model->operations);
  free(model->arena);
  free(model->scratch);
  free(model);
}
