/*
 * A packed sub-bit network as a C library: integers only, bit for bit what its reference computes.
 *
 *   snn_error error;
 *   snn_model *model = snn_load(image, size, &error);
 *   if (!model) { puts(error.message); return 1; }
 *   const int found = snn_run(model, pixels, NULL);
 *   snn_free(model);
 *
 * Nothing is global: any number of models run side by side. One model is used by one thread at a time; models
 * of several threads may share an image.
 */
#ifndef SNN_H
#define SNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The format of runtime images that this library loads. */
#define SNN_IMAGE_VERSION 1

typedef enum {
  SNN_OK,
  /* The image does not start at a multiple of 16 bytes. */
  SNN_MISALIGNED,
  /* The bytes are no runtime image. */
  SNN_NO_IMAGE,
  /* The image is of a newer format. */
  SNN_NEWER,
  /* Bytes are missing or were changed. */
  SNN_DAMAGED,
  /* The image was made for a build with other vectors (AVX2 or not). */
  SNN_OTHER_VECTORS,
  /* The image would read or write outside of its memory, or run for too long. */
  SNN_INVALID,
  SNN_OUT_OF_MEMORY
} snn_status;

/* Why an image was not loaded. */
typedef struct {
  snn_status status;
  /* One sentence, ends with 0. */
  char message[160];
} snn_error;

typedef struct snn_model snn_model;

typedef struct {
  const char *name;
  /* An image: height * width * channels bytes, rows of pixels, the channels of a pixel side by side. */
  int height, width, channels;
  /* Logits of a run. */
  int classes;
  /* [classes], or NULL where the classes have no names. */
  const char *const *class_names;
  /* Real value of one unit of a logit. */
  double logit_scale;
  /* Layers that snn_probe shows. */
  int layers;
  /* Bytes of constants, which stay in the image. */
  size_t weights;
  /* Bytes that snn_load allocated. */
  size_t memory;
  /* At most so many steps, a multiplication or look-up each, are taken for an image. */
  uint64_t steps;
} snn_info;

/*
 * Makes an image of `size` bytes ready to run. Every byte of it is checked first: no image, whatever its bytes,
 * makes the library read or write outside of the image and of its own memory, or run without end.
 *
 * image: at a multiple of 16 (best: 64) bytes; it is used in place and must stay, unchanged, until snn_free.
 * error: filled in either case; may be NULL.
 * NULL where the image cannot be loaded.
 */
snn_model *snn_load(const void *image, size_t size, snn_error *error);

snn_info snn_sizes(const snn_model *model);

/*
 * Runs the model on an image.
 *
 * pixels: [height, width, channels], 0..255.
 * logits: [classes]; may be NULL.
 * The class with the largest logit, the first one of equals.
 */
int snn_run(snn_model *model, const uint8_t *pixels, int32_t *logits);

/* A layer's values on an image. */
typedef struct {
  /* Its number, 0..layers - 1, and its name: "stage0.block0" (activations), "stage0.block0.conv" (accumulators). */
  int number;
  const char *name;
  int height, width, channels;
  /* [height, width, channels]; there until the visitor returns. */
  const int32_t *values;
} snn_layer;

/* Anything but 0 ends the run. */
typedef int snn_visitor(void *context, const snn_layer *layer);

/*
 * Runs the model on an image and shows every layer to `visit` as soon as it is computed, which is not always the
 * order of their numbers. Takes memory for the largest layer while it runs.
 *
 * 0, or -1 where there is not enough memory, or what `visit` returned to end the run.
 */
int snn_probe(snn_model *model, const uint8_t *pixels, snn_visitor *visit, void *context);

/* Gives a model's memory back; NULL is fine. */
void snn_free(snn_model *model);

#ifdef __cplusplus
}
#endif

#endif
