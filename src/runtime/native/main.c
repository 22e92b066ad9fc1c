/*
 * Runs a program outside of WebAssembly. From stdin, in 32-bit words: the vector that the program was compiled
 * for, bytes of its constants, arena and scratch, where its image goes and how long it is, the number of
 * operations, each as its length and its words; then the bytes of the constants and of an image.
 * `run` writes the arena to stdout, `time ROUNDS` the least nanoseconds of every operation, a line each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../kernels/program.h"

static void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(2);
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!memory) fail("out of memory");
  memset(memory, 0, bytes);
  return memory;
}

static void read_into(void *to, size_t bytes) {
  if (fread(to, 1, bytes, stdin) != bytes) fail("the program ends early");
}

static int32_t read_word(void) {
  int32_t word;
  read_into(&word, sizeof word);
  return word;
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

int main(int count, char **arguments) {
  const int rounds = count == 3 && strcmp(arguments[1], "time") == 0 ? atoi(arguments[2]) : 0;
  if (rounds == 0 && (count != 2 || strcmp(arguments[1], "run") != 0)) fail("usage: run | time ROUNDS");
  if (read_word() != VECTOR) fail("the program was compiled for other vectors");
  const int32_t constant_bytes = read_word(), arena_bytes = read_word(), scratch_bytes = read_word();
  const int32_t image = read_word(), image_bytes = read_word(), operations = read_word();
  int32_t **operation = allocate((size_t)operations * sizeof *operation);
  for (int i = 0; i < operations; i++) {
    const int32_t words = read_word();
    operation[i] = allocate((size_t)words * 4);
    read_into(operation[i], (size_t)words * 4);
  }
  uint8_t *constants = allocate((size_t)constant_bytes);
  read_into(constants, (size_t)constant_bytes);
  uint8_t *arena = allocate((size_t)arena_bytes);
  read_into(arena + image, (size_t)image_bytes);
  const Thread thread = {constants, arena, allocate((size_t)scratch_bytes), 0, 1};

  double *least = allocate((size_t)operations * sizeof *least);
  for (int round = 0; round < (rounds > 0 ? rounds : 1); round++) {
    for (int i = 0; i < operations; i++) {
      const double started = nanoseconds();
      run_operation(&thread, operation[i]);
      const double taken = nanoseconds() - started;
      if (round == 0 || taken < least[i]) least[i] = taken;
    }
  }
  if (rounds == 0) fwrite(arena, 1, (size_t)arena_bytes, stdout);
  for (int i = 0; rounds > 0 && i < operations; i++) printf("%.0f\n", least[i]);
  return 0;
}
