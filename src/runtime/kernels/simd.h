/*
 * The vectors that the kernels are written in: 16 bytes, or 32 with AVX2. What C cannot say with GCC's and
 * Clang's vector extensions alone stands here, once for AVX2, for WebAssembly SIMD, for AArch64 and for any other
 * machine.
 */
#pragma once

#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

#ifdef __AVX2__
#include <immintrin.h>
#define VECTOR 32
#else
#define VECTOR 16
#endif
#ifdef __aarch64__
#include <arm_neon.h>
#endif

typedef uint8_t u8v __attribute__((vector_size(VECTOR)));
typedef int8_t i8v __attribute__((vector_size(VECTOR)));
typedef uint16_t u16v __attribute__((vector_size(VECTOR)));
typedef int16_t i16v __attribute__((vector_size(VECTOR)));
typedef uint32_t u32v __attribute__((vector_size(VECTOR)));
typedef int32_t i32v __attribute__((vector_size(VECTOR)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef int32_t i32x8 __attribute__((vector_size(32)));

/* Lanes of 16 and of 32 bits. */
enum { SHORTS = VECTOR / 2, INTS = VECTOR / 4 };

#define UNALIGNED(type) \
  typedef type type##_at __attribute__((aligned(1), may_alias)); \
  INLINE type load_##type(const void *from) { return *(const type##_at *)from; } \
  INLINE void store_##type(void *to, type value) { *(type##_at *)to = value; }
UNALIGNED(u8v)
UNALIGNED(u16v)
UNALIGNED(i16v)
UNALIGNED(u32v)
UNALIGNED(i32v)
UNALIGNED(u8x16)
UNALIGNED(u16x8)
typedef uint32_t u32_at __attribute__((aligned(1), may_alias));
/* No function: vectors of 32 bytes are not passed everywhere alike. */
typedef i32x8 i32x8_at __attribute__((aligned(1), may_alias));
#define store_i32x8(to, value) (*(i32x8_at *)(to) = (value))
INLINE uint32_t load_u32(const void *from) { return *(const u32_at *)from; }

INLINE u8v splat_u8(uint8_t value) { return value - (u8v){}; }
INLINE i16v splat_i16(int16_t value) { return value - (i16v){}; }
INLINE u32v splat_u32(uint32_t value) { return value - (u32v){}; }
INLINE i32v splat_i32(int32_t value) { return value - (i32v){}; }

/* Functions that are compiled on their own, so that their loops have all registers. */
#define APART static __attribute__((noinline))

/*
 * Keeps the sum behind an address from being split up again: x86 adds from [register + constant] in one step but
 * from [sum of two] in two, and WebAssembly's loads then take the constants behind it as their own offsets.
 */
#if defined(__x86_64__) || defined(__wasm__)
#define WHOLE(address) __asm__("" : "+r"(address))
#else
#define WHOLE(address) (void)(address)
#endif

/* Interleaves the lower or the upper halves of two vectors of 16 bytes. */
#ifdef __clang__
#define INTERLEAVE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define INTERLEAVE(a, b, ...) __builtin_shuffle(a, b, (__typeof__(a)){__VA_ARGS__})
#endif
INLINE u8x16 low_bytes(u8x16 a, u8x16 b) {
  return INTERLEAVE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
INLINE u8x16 high_bytes(u8x16 a, u8x16 b) {
  return INTERLEAVE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
INLINE u16x8 low_shorts(u16x8 a, u16x8 b) { return INTERLEAVE(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
INLINE u16x8 high_shorts(u16x8 a, u16x8 b) { return INTERLEAVE(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }

/*
 * load_table: 16 bytes, repeated to fill a vector.
 * look_up: table[index] in every byte; 0 where the top bit of the index is set, else an index is below 16.
 * four_bits: an index below 16 of a byte below 128, where look_up does not look at its lowest four bits alone.
 * low_half, high_half: bytes widened to 16 bits.
 * dot: sums of two neighbouring products of 16 bits each.
 * narrow: 32 to 16 bits with saturation. mask_bytes: masks of 16 bits to bytes of 0 or 1.
 * sum_saturated, larger: of 16 bits. pair_low, pair_high: lanes of two vectors side by side, in two halves;
 * narrow_pairs: one 16-bit lane, saturated, from each pair of theirs, in order again.
 */
#if defined(__AVX2__)

INLINE u8v load_table(const uint8_t *from) {
  return (u8v)_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from));
}
INLINE u8v look_up(u8v table, u8v index) {
  return (u8v)_mm256_shuffle_epi8((__m256i)table, (__m256i)index);
}
INLINE u8v four_bits(u8v v) { return v; }
INLINE u16v low_half(u8v v) {
  return (u16v)_mm256_cvtepu8_epi16(_mm256_castsi256_si128((__m256i)v));
}
INLINE u16v high_half(u8v v) {
  return (u16v)_mm256_cvtepu8_epi16(_mm256_extracti128_si256((__m256i)v, 1));
}
INLINE i32v dot(i16v a, i16v b) { return (i32v)_mm256_madd_epi16((__m256i)a, (__m256i)b); }
INLINE i16v narrow(i32v a, i32v b) {
  return (i16v)_mm256_permute4x64_epi64(_mm256_packs_epi32((__m256i)a, (__m256i)b), 0xd8);
}
INLINE u8v mask_bytes(i16v a, i16v b) {
  const __m256i bytes = _mm256_packs_epi16((__m256i)a, (__m256i)b);
  return (u8v)_mm256_permute4x64_epi64(bytes, 0xd8) & splat_u8(1);
}
INLINE i16v sum_saturated(i16v a, i16v b) {
  return (i16v)_mm256_adds_epi16((__m256i)a, (__m256i)b);
}
INLINE i16v larger(i16v a, i16v b) { return (i16v)_mm256_max_epi16((__m256i)a, (__m256i)b); }
INLINE i16v pair_low(i16v a, i16v b) { return (i16v)_mm256_unpacklo_epi16((__m256i)a, (__m256i)b); }
INLINE i16v pair_high(i16v a, i16v b) { return (i16v)_mm256_unpackhi_epi16((__m256i)a, (__m256i)b); }
INLINE i16v narrow_pairs(i32v low, i32v high) {
  return (i16v)_mm256_packs_epi32((__m256i)low, (__m256i)high);
}
INLINE u8v popcounts(u8v v) {
  const u8v table = load_table((const uint8_t[]){0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4});
  const u8v low = v & splat_u8(15), high = (u8v)((u16v)v >> 4) & splat_u8(15);
  return look_up(table, low) + look_up(table, high);
}

#elif defined(__wasm_simd128__)

INLINE u8v load_table(const uint8_t *from) { return load_u8v(from); }
INLINE u8v look_up(u8v table, u8v index) { return (u8v)__builtin_wasm_swizzle_i8x16(table, index); }
INLINE u8v four_bits(u8v v) { return v & splat_u8(15); }
INLINE u16v low_half(u8v v) { return (u16v)low_bytes(v, (u8v){}); }
INLINE u16v high_half(u8v v) { return (u16v)high_bytes(v, (u8v){}); }
INLINE i32v dot(i16v a, i16v b) { return __builtin_wasm_dot_s_i32x4_i16x8(a, b); }
INLINE i16v narrow(i32v a, i32v b) { return __builtin_wasm_narrow_s_i16x8_i32x4(a, b); }
INLINE u8v mask_bytes(i16v a, i16v b) {
  return (u8v)__builtin_wasm_narrow_s_i8x16_i16x8(a, b) & splat_u8(1);
}
INLINE i16v sum_saturated(i16v a, i16v b) { return __builtin_elementwise_add_sat(a, b); }
INLINE i16v larger(i16v a, i16v b) { return __builtin_elementwise_max(a, b); }
INLINE i16v pair_low(i16v a, i16v b) { return (i16v)low_shorts((u16x8)a, (u16x8)b); }
INLINE i16v pair_high(i16v a, i16v b) { return (i16v)high_shorts((u16x8)a, (u16x8)b); }
INLINE i16v narrow_pairs(i32v low, i32v high) { return narrow(low, high); }
INLINE u8v popcounts(u8v v) { return __builtin_elementwise_popcount(v); }

#elif defined(__aarch64__)

INLINE u8v load_table(const uint8_t *from) { return load_u8v(from); }
INLINE u8v look_up(u8v table, u8v index) { return (u8v)vqtbl1q_u8((uint8x16_t)table, (uint8x16_t)index); }
INLINE u8v four_bits(u8v v) { return v & splat_u8(15); }
INLINE u16v low_half(u8v v) { return (u16v)vmovl_u8(vget_low_u8((uint8x16_t)v)); }
INLINE u16v high_half(u8v v) { return (u16v)vmovl_high_u8((uint8x16_t)v); }
INLINE i32v dot(i16v a, i16v b) {
  const int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
  return (i32v)vpaddq_s32(low, vmull_high_s16((int16x8_t)a, (int16x8_t)b));
}
INLINE i16v narrow(i32v a, i32v b) {
  return (i16v)vqmovn_high_s32(vqmovn_s32((int32x4_t)a), (int32x4_t)b);
}
INLINE u8v mask_bytes(i16v a, i16v b) {
  return (u8v)vmovn_high_s16(vmovn_s16((int16x8_t)a), (int16x8_t)b) & splat_u8(1);
}
INLINE i16v sum_saturated(i16v a, i16v b) { return (i16v)vqaddq_s16((int16x8_t)a, (int16x8_t)b); }
INLINE i16v larger(i16v a, i16v b) { return (i16v)vmaxq_s16((int16x8_t)a, (int16x8_t)b); }
INLINE i16v pair_low(i16v a, i16v b) { return (i16v)vzip1q_s16((int16x8_t)a, (int16x8_t)b); }
INLINE i16v pair_high(i16v a, i16v b) { return (i16v)vzip2q_s16((int16x8_t)a, (int16x8_t)b); }
INLINE i16v narrow_pairs(i32v low, i32v high) { return narrow(low, high); }
INLINE u8v popcounts(u8v v) { return (u8v)vcntq_u8((uint8x16_t)v); }

#else

#define LANES(count, value) \
  for (int i = 0; i < (count); i++) result[i] = (value); \
  return result
INLINE int saturated(int value) { return value < -32768 ? -32768 : value > 32767 ? 32767 : value; }
INLINE u8v load_table(const uint8_t *from) { return load_u8v(from); }
INLINE u8v look_up(u8v table, u8v index) {
  u8v result;
  LANES(16, index[i] & 128 ? 0 : table[index[i] & 15]);
}
INLINE u8v four_bits(u8v v) { return v; }
INLINE u16v low_half(u8v v) {
  u16v result;
  LANES(8, v[i]);
}
INLINE u16v high_half(u8v v) {
  u16v result;
  LANES(8, v[i + 8]);
}
INLINE i32v dot(i16v a, i16v b) {
  i32v result;
  LANES(4, a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1]);
}
INLINE i16v narrow(i32v a, i32v b) {
  i16v result;
  LANES(8, (int16_t)saturated(i < 4 ? a[i & 3] : b[i & 3]));
}
INLINE u8v mask_bytes(i16v a, i16v b) {
  u8v result;
  LANES(16, (i < 8 ? a[i & 7] : b[i & 7]) & 1);
}
INLINE i16v sum_saturated(i16v a, i16v b) {
  i16v result;
  LANES(8, (int16_t)saturated(a[i] + b[i]));
}
INLINE i16v larger(i16v a, i16v b) {
  i16v result;
  LANES(8, a[i] > b[i] ? a[i] : b[i]);
}
INLINE i16v pair_low(i16v a, i16v b) { return (i16v)low_shorts((u16x8)a, (u16x8)b); }
INLINE i16v pair_high(i16v a, i16v b) { return (i16v)high_shorts((u16x8)a, (u16x8)b); }
INLINE i16v narrow_pairs(i32v low, i32v high) { return narrow(low, high); }
INLINE u8v popcounts(u8v v) {
  const u8v pairs = v - ((v >> 1) & 0x55);
  const u8v nibbles = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (nibbles + (nibbles >> 4)) & 15;
}

#endif
