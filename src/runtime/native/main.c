/*
 * Runs programs outside of WebAssembly, for tests and the bench. From stdin: the bytes of a runtime image, as a
 * 32-bit word how many they are before them, then the pixels of an image. `probe` writes every layer to stdout in
 * the order of their numbers, 32 bits a value; `time ROUNDS` runs all operations once, then so many times, and prints
 * a line for each of these: the nanoseconds of every operation.
 */
#include <time.h>

#include "../c/snn.c"

static void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(2);
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(LINE, whole_lines(bytes));
  if (!memory) fail("out of memory");
  return memory;
}

static void read_into(void *to, size_t bytes) {
  if (fread(to, 1, bytes, stdin) != bytes) fail("the input ends early");
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static size_t bytes_of(const snn_layer *layer) {
  return sizeof(int32_t) * (size_t)layer->height * (size_t)layer->width * (size_t)layer->channels;
}

static int keep_layer(void *context, const snn_layer *layer) {
  int32_t **kept = context;
  kept[layer->number] = allocate(bytes_of(layer));
  memcpy(kept[layer->number], layer->values, bytes_of(layer));
  return 0;
}

static void write_layers(snn_model *model, const uint8_t *pixels) {
  const int layers = snn_sizes(model).layers;
  int32_t **kept = allocate((size_t)layers * sizeof *kept);
  if (snn_probe(model, pixels, keep_layer, kept) != 0) fail("out of memory");
  for (int i = 0; i < layers; i++) {
    fwrite(kept[i], sizeof(int32_t), (size_t)values_of(&model->maps[i]), stdout);
  }
}

static void write_times(snn_model *model, const uint8_t *pixels, int rounds) {
  const Thread thread = {model->constants, model->arena, model->scratch, 0, 1};
  const int operations = model->header->operations;
  put_pixels(model->header, model->arena, pixels);
  for (int round = 0; round <= rounds; round++) {
    for (int i = 0; i < operations; i++) {
      const double started = nanoseconds();
      run_operation(&thread, model->operations[i]);
      const double taken = nanoseconds() - started;
      if (round > 0) printf("%.0f%c", taken, i + 1 < operations ? ' ' : '\n');
    }
  }
}

int main(int count, char **arguments) {
  const int rounds = count == 3 && strcmp(arguments[1], "time") == 0 ? atoi(arguments[2]) : 0;
  if (rounds == 0 && (count != 2 || strcmp(arguments[1], "probe") != 0)) fail("usage: probe | time ROUNDS");
  uint32_t size;
  read_into(&size, sizeof size);
  uint8_t *image = allocate(size);
  read_into(image, size);
  snn_error error;
  snn_model *model = snn_load(image, size, &error);
  if (!model) fail(error.message);
  const snn_info info = snn_sizes(model);
  const size_t pixel_bytes = (size_t)info.height * (size_t)info.width * (size_t)info.channels;
  uint8_t *pixels = allocate(pixel_bytes);
  read_into(pixels, pixel_bytes);
  if (rounds > 0) write_times(model, pixels, rounds);
  else write_layers(model, pixels);
  return 0;
}
