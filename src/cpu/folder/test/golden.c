/*
 * Runs the golden images and compares every layer with what the reference computed: golden FILE
 *
 * FILE in little-endian words of 32 bits: images, layers, bytes of a value of each layer (2 or 4); then for every
 * image its pixels and the values of its layers, [height, width, channels], without gaps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "snn.h"

/* What is expected of an image, and what was found so far. */
typedef struct {
  int image;
  /* [layers]: values, and bytes of one. */
  const uint8_t **expected;
  const uint32_t *value_bytes;
  long compared;
} Comparison;

static size_t values_of(const snn_layer *layer) {
  return (size_t)layer->height * (size_t)layer->width * (size_t)layer->channels;
}

static int32_t expected_value(const Comparison *comparison, int layer, size_t at) {
  int16_t narrow;
  int32_t wide;
  if (comparison->value_bytes[layer] == 2) {
    memcpy(&narrow, comparison->expected[layer] + 2 * at, 2);
    return narrow;
  }
  memcpy(&wide, comparison->expected[layer] + 4 * at, 4);
  return wide;
}

static int compare(void *context, const snn_layer *layer) {
  Comparison *comparison = context;
  for (size_t i = 0; i < values_of(layer); i++) {
    const int32_t expected = expected_value(comparison, layer->number, i);
    if (layer->values[i] == expected) continue;
    const size_t channels = (size_t)layer->channels, width = (size_t)layer->width;
    printf("image %d, layer %s, channel %zu, row %zu, column %zu: %d expected, %d found\n", comparison->image,
           layer->name, i % channels, i / channels / width, i / channels % width, expected, layer->values[i]);
    return 1;
  }
  comparison->compared += (long)values_of(layer);
  return 0;
}

/* Notes how many values a layer has. */
static int count_values(void *context, const snn_layer *layer) {
  ((size_t *)context)[layer->number] = values_of(layer);
  return 0;
}

/* A run alone gives what the last layer must be, and the class of its first largest value. */
static int compare_run(snn_model *model, const uint8_t *pixels, const Comparison *comparison) {
  const snn_info info = snn_sizes(model);
  int32_t *logits = malloc(sizeof(int32_t) * (size_t)info.classes);
  if (!logits) return 0;
  const int found = snn_run(model, pixels, logits);
  int best = 0, same = 1;
  for (int i = 0; i < info.classes; i++) {
    const int32_t expected = expected_value(comparison, info.layers - 1, (size_t)i);
    if (expected != logits[i]) same = 0;
    if (expected > expected_value(comparison, info.layers - 1, (size_t)best)) best = i;
  }
  free(logits);
  if (!same || found != best) {
    printf("image %d: a run gives class %d, class %d expected\n", comparison->image, found, best);
    return 0;
  }
  return 1;
}

static uint8_t *read_file(const char *name, size_t *size) {
  FILE *file = fopen(name, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  const long length = ftell(file);
  rewind(file);
  uint8_t *bytes = length > 0 ? malloc((size_t)length) : NULL;
  *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
  fclose(file);
  return bytes;
}

/* 0 if all is as expected. */
static int run(snn_model *model, const uint8_t *golden, size_t size) {
  const snn_info info = snn_sizes(model);
  const size_t layers = (size_t)info.layers, pixels = (size_t)info.height * (size_t)info.width * (size_t)info.channels;
  uint32_t head[2] = {0, 0}, value_bytes[1024];
  size_t counts[1024], image_bytes = pixels, at = 8 + 4 * layers;
  const uint8_t *expected[1024];
  uint8_t *blank = calloc(pixels, 1);
  if (size >= 8) memcpy(head, golden, 8);
  const int fits = blank && head[1] == layers && layers <= 1024 && size >= at &&
                   snn_probe(model, blank, count_values, counts) == 0;
  free(blank);
  if (!fits) {
    printf("the golden file is of another network\n");
    return 1;
  }
  memcpy(value_bytes, golden + 8, 4 * layers);
  for (size_t i = 0; i < layers; i++) image_bytes += counts[i] * value_bytes[i];
  if (size != at + image_bytes * head[0] || head[0] == 0) {
    printf("the golden file does not have the size of %u images\n", head[0]);
    return 1;
  }
  Comparison comparison = {0, expected, value_bytes, 0};
  for (; comparison.image < (int)head[0]; comparison.image++) {
    const uint8_t *image = golden + at;
    at += pixels;
    for (size_t i = 0; i < layers; i++) {
      expected[i] = golden + at;
      at += counts[i] * value_bytes[i];
    }
    if (snn_probe(model, image, compare, &comparison) || !compare_run(model, image, &comparison)) return 1;
  }
  printf("%u images, %d layers, %ld values: equal to the reference bit for bit (%s)\n", head[0], info.layers,
         comparison.compared,
#if defined(__AVX2__)
         "AVX2"
#elif defined(__ARM_NEON)
         "NEON"
#else
         "generic"
#endif
  );
  return 0;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: golden FILE\n");
    return 2;
  }
#ifdef __AVX2__
  if (!__builtin_cpu_supports("avx2")) {
    printf("not run: this machine has no AVX2\n");
    return 0;
  }
#endif
  size_t size;
  uint8_t *golden = read_file(arguments[1], &size);
  if (!golden) {
    fprintf(stderr, "%s cannot be read\n", arguments[1]);
    return 2;
  }
  snn_error error;
  snn_model *model = snn_load(snn_image, snn_image_bytes, &error);
  if (!model) fprintf(stderr, "%s\n", error.message);
  const int failed = !model || run(model, golden, size);
  snn_free(model);
  free(golden);
  return failed;
}
