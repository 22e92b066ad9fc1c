/*
 * Names the class of images: classify FILE...
 *
 * A file holds the network's height x width x channels bytes, as a PGM (1 channel) or PPM (3 channels) or bare.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "snn.h"

/* A number of a PGM's or PPM's header, behind white space and comments; ends behind the byte that follows it. */
static int header_number(FILE *file) {
  int byte = fgetc(file), number = 0;
  while (isspace(byte) || byte == '#') {
    if (byte == '#') {
      while (byte != '\n' && byte != EOF) byte = fgetc(file);
    }
    byte = fgetc(file);
  }
  for (; isdigit(byte) && number < 100000; byte = fgetc(file)) number = 10 * number + byte - '0';
  return number;
}

/* Whether a file holds an image of the network's size: its bytes. */
static int read_image(const char *name, const snn_info *info, uint8_t *pixels) {
  const size_t count = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
  FILE *file = fopen(name, "rb");
  if (!file) return 0;
  char magic[2] = "";
  int fits = fread(magic, 1, 2, file) == 2;
  if (memcmp(magic, info->channels == 3 ? "P6" : "P5", 2) == 0) {
    fits = header_number(file) == info->width && header_number(file) == info->height && header_number(file) == 255;
  } else {
    rewind(file);
  }
  fits = fits && fread(pixels, 1, count, file) == count && fgetc(file) == EOF;
  fclose(file);
  return fits;
}

int main(int count, char **files) {
  snn_error error;
  snn_model *model = snn_load(snn_image, snn_image_bytes, &error);
  if (!model) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  const snn_info info = snn_sizes(model);
  if (count < 2) {
    printf("%s: images of %dx%dx%d (height, width, channels), %d classes, %zu bytes of weights\n", info.name,
           info.height, info.width, info.channels, info.classes, info.weights);
  }
  uint8_t *pixels = malloc((size_t)info.height * (size_t)info.width * (size_t)info.channels);
  int32_t *logits = malloc(sizeof(int32_t) * (size_t)info.classes);
  int failed = !pixels || !logits;
  for (int i = 1; i < count && !failed; i++) {
    if (!read_image(files[i], &info, pixels)) {
      fprintf(stderr, "%s: no image of %dx%dx%d bytes (height, width, channels)\n", files[i], info.height, info.width,
              info.channels);
      failed = 1;
      break;
    }
    const int found = snn_run(model, pixels, logits);
    printf("%s: class %d", files[i], found);
    if (info.class_names) printf(" (%s)", info.class_names[found]);
    printf(", logit %.3f\n", (double)logits[found] * info.logit_scale);
  }
  free(logits);
  free(pixels);
  snn_free(model);
  return failed;
}
