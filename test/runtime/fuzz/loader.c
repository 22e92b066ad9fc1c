/*
 * A libFuzzer target: whatever the bytes of an image, loading, running and probing it stay within its memory.
 * Sizes and checksum are made right again, so that changes get past them; most changes hit whole words.
 */
#define SNN_MOST_MEMORY 0x100000
#include "../../../src/runtime/c/snn.c"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* Images that would take longer are loaded but not run. */
enum { MOST_STEPS = 1 << 19 };

/* What stands where an image is right: its magic and version, its size, and the vectors of this build. */
static void make_whole(uint8_t *image, size_t size) {
  Header *header = (Header *)image;
  memcpy(header->magic, image_magic, sizeof image_magic);
  header->version = SNN_IMAGE_VERSION;
  header->size = (uint32_t)size;
  header->vector = VECTOR;
}

/* The bytes where an image may lie, in memory of their own. */
static uint8_t *copy_of(const uint8_t *data, size_t size) {
  void *copy;
  if (posix_memalign(&copy, 64, size) != 0) abort();
  memcpy(copy, data, size);
  return copy;
}

static uint32_t next(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* Whether the header and the operations of an image are taken. */
static int passes(const uint8_t *image) {
  const Header *header = (const Header *)image;
  uint64_t taken;
  return check_parts(header, NULL) && check_image_place(header, NULL) && check_operations(header, NULL, &taken, NULL);
}

/* Images that were loaded lately: refused ones lead nowhere, so that most changes begin with one of these. */
static struct {
  uint8_t *bytes;
  size_t size;
} loaded[64];
static uint32_t loads;

static void remember(const uint8_t *data, size_t size) {
  const uint32_t slot = loads++ % 64;
  free(loaded[slot].bytes);
  loaded[slot].bytes = copy_of(data, size);
  loaded[slot].size = size;
}

/* Changes a word of the header, the operations or the maps. */
static void change_word(uint8_t *data, uint32_t words, uint32_t *random) {
  const size_t at = 4 * (4 + next(random) % (words - 4));
  int32_t word, other;
  memcpy(&word, data + at, 4);
  memcpy(&other, data + 4 * (4 + next(random) % (words - 4)), 4);
  const int32_t small = (int32_t)(next(random) % 17) - 8;
  const int32_t choices[] = {small,     (int32_t)((uint32_t)word + (uint32_t)small),
                             other,     (int32_t)((uint32_t)word << next(random) % 4),
                             word >> 1, (int32_t)((uint32_t)word + 64 * (uint32_t)small),
                             INT32_MAX, (int32_t)next(random)};
  memcpy(data + at, &choices[next(random) % 8], 4);
}

/* Changes some bytes of the constants. */
static void change_constants(uint8_t *data, size_t size, uint32_t *random) {
  for (uint32_t changes = 1 + next(random) % 16; changes > 0; changes--) {
    data[next(random) % size] = (uint8_t)next(random);
  }
}

/*
 * Changes words of the header, the operations or the maps, or some of the constants. Most of such images are
 * refused, so a change that loads is looked for, several in a row now and then; and one of four changes is any.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed) {
  uint32_t random = seed * 2654435761u | 1;
  const uint32_t slot = loads > 0 ? next(&random) % (loads < 64 ? loads : 64) : 0;
  if (next(&random) % 4 > 0 && loads > 0 && loaded[slot].size <= most) {
    size = loaded[slot].size;
    memcpy(data, loaded[slot].bytes, size);
  }
  Header header = {.constants_start = 0};
  if (size >= sizeof header + 4) memcpy(&header, data, sizeof header);
  const size_t words = (size_t)header.strings_start / 4, constants = (size_t)header.constants_start;
  if (words <= 24 || constants >= size || constants < 4 * words || constants + 4 >= size || next(&random) % 64 == 0) {
    return LLVMFuzzerMutate(data, size, most);
  }
  uint8_t *image = copy_of(data, size), *before = malloc(size);
  make_whole(image, size);
  const int any = next(&random) % 4 == 0;
  for (uint32_t changes = 1 + next(&random) % 4; changes > 0; changes--) {
    memcpy(before, image, size);
    for (int attempt = 0; attempt < 12; attempt++) {
      if (next(&random) % 8 == 0) change_constants(image + constants, size - constants, &random);
      else change_word(image, (uint32_t)words, &random);
      if (any || passes(image)) break;
      memcpy(image, before, size);
    }
  }
  memcpy(data, image, size);
  free(before);
  free(image);
  return size;
}

/* Reads every value of a layer. */
static int read_layer(void *context, const snn_layer *layer) {
  const int64_t count = (int64_t)layer->height * layer->width * layer->channels;
  for (int64_t i = 0; i < count; i++) *(uint32_t *)context += (uint32_t)layer->values[i];
  return strlen(layer->name) > 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < sizeof(Header) + 4) return 0;
  uint8_t *image = copy_of(data, size);
  make_whole(image, size);
  const uint32_t crc = crc32c(image, size - 4);
  memcpy(image + size - 4, &crc, 4);
  snn_error error;
  snn_model *model = snn_load(image, size, &error);
  if (model) {
    remember(image, size);
    const snn_info info = snn_sizes(model);
    if (info.steps <= MOST_STEPS) {
      const size_t pixel_bytes = (size_t)info.height * (size_t)info.width * (size_t)info.channels;
      uint8_t *pixels = malloc(pixel_bytes);
      int32_t *logits = malloc(sizeof(int32_t) * (size_t)info.classes);
      for (size_t i = 0; i < pixel_bytes; i++) pixels[i] = data[i % size];
      const int best = snn_run(model, pixels, logits);
      uint32_t sum = (uint32_t)logits[best];
      if (data[size / 2] % 4 == 0) snn_probe(model, pixels, read_layer, &sum);
      free(pixels);
      free(logits);
    }
  }
  snn_free(model);
  free(image);
  return 0;
}
