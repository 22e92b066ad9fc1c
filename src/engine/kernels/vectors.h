/* Vectors of four floats, as WebAssembly SIMD has them. */

#define EXPORT(name) __attribute__((export_name(name)))
#define INLINE static inline __attribute__((always_inline))

typedef float f32x4 __attribute__((vector_size(16), aligned(4)));
typedef int i32x4 __attribute__((vector_size(16), aligned(4)));

enum { LANES = 4 };

INLINE f32x4 load(const float *from) { return *(const f32x4 *)from; }
INLINE void store(float *to, f32x4 value) { *(f32x4 *)to = value; }
INLINE f32x4 splat(float value) { return (f32x4){value, value, value, value}; }
INLINE f32x4 select(i32x4 mask, f32x4 yes, f32x4 no) {
  return (f32x4)((mask & (i32x4)yes) | (~mask & (i32x4)no));
}
INLINE f32x4 magnitude(f32x4 value) {
  return (f32x4)((i32x4)value & (i32x4){0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff});
}
INLINE f32x4 at_least_zero(f32x4 value) { return select(value > splat(0), value, splat(0)); }
