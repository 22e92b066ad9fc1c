/* The runtime image, docs/runtime.md: one array of little-endian words. runtime/image.ts writes it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "runtime images are little-endian"
#endif

static const uint8_t image_magic[8] = {0x89, 'S', 'N', 'R', '\r', '\n', 0x1a, '\n'};

/* Counts are of bytes but for those of operations, maps and classes; starts are counted from the image's first byte. */
typedef struct {
  uint8_t magic[8];
  uint32_t version, size;
  int32_t vector;
  int32_t pixels, height, width, channels;
  int32_t arena_bytes, scratch_bytes;
  int32_t operations, operations_start;
  int32_t maps, maps_start;
  int32_t classes, strings_start, string_bytes;
  int32_t constants_start, constant_bytes;
  double logit_scale;
  uint32_t reserved[2];
} Header;

/* A map and where it lies behind an operation: at `offset`, or where word `word` of the operation says. */
typedef struct {
  int32_t height, width, channels, stored, value_bytes;
  int32_t operation, offset, word;
} Map;

_Static_assert(sizeof(Header) == 96 && sizeof(Map) == 32, "the image has no gaps");

/* CRC-32C of the bytes, four bits at a time. */
static uint32_t crc32c(const uint8_t *bytes, size_t count) {
  static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                     0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                     0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  uint32_t rest = 0xffffffff;
  for (size_t i = 0; i < count; i++) {
    rest ^= bytes[i];
    rest = table[rest & 15] ^ rest >> 4;
    rest = table[rest & 15] ^ rest >> 4;
  }
  return ~rest;
}
