/*
 * Nearest members for WebAssembly SIMD: four latent kernels at a time, one to a lane of two vectors.
 * Every lane takes the steps of `chooseMembers` in TypeScript in the same order, so that both agree
 * in every bit.
 */

#define INLINE static inline __attribute__((always_inline))

typedef unsigned short u16;
typedef double f64x2 __attribute__((vector_size(16)));
typedef long long i64x2 __attribute__((vector_size(16)));

enum { ELEMENTS = 9, LOW_ELEMENTS = 5, LOW_CODES = 32, HIGH_CODES = 16, VECTORS = 2, MEMBERS = 512 };

/* Inner products of the elements from `from` on with all sign patterns, [2^elements, VECTORS]. */
INLINE void pattern_sums(const f64x2 values[ELEMENTS][VECTORS], int from, int elements,
                         f64x2 (*sums)[VECTORS]) {
  for (int v = 0; v < VECTORS; v++) {
    f64x2 total = {0, 0};
    for (int j = 0; j < elements; j++) total -= values[from + j][v];
    sums[0][v] = total;
    for (int j = 0; j < elements; j++) {
      const int bit = 1 << j;
      const f64x2 twice = 2 * values[from + j][v];
      for (int code = 0; code < bit; code++) sums[bit + code][v] = sums[code][v] + twice;
    }
  }
}

INLINE i64x2 select(i64x2 mask, i64x2 yes, i64x2 no) { return (mask & yes) | (~mask & no); }

/* Index of the best member for each of four latent kernels [4, 9]. */
INLINE void choose_four(const float *latents, const u16 *low_codes, const u16 *high_codes, int count,
                        int antipodal, u16 *best) {
  f64x2 values[ELEMENTS][VECTORS], low[LOW_CODES][VECTORS], high[HIGH_CODES][VECTORS];
  for (int j = 0; j < ELEMENTS; j++) {
    for (int v = 0; v < VECTORS; v++) {
      const float *pair = latents + 2 * v * ELEMENTS + j;
      values[j][v] = (f64x2){pair[0], pair[ELEMENTS]};
    }
  }
  pattern_sums(values, 0, LOW_ELEMENTS, low);
  pattern_sums(values, LOW_ELEMENTS, ELEMENTS - LOW_ELEMENTS, high);
  f64x2 most[VECTORS], least[VECTORS];
  i64x2 most_at[VECTORS], least_at[VECTORS];
  for (int v = 0; v < VECTORS; v++) {
    most[v] = (f64x2){-__builtin_inf(), -__builtin_inf()};
    least[v] = (f64x2){0, 0};
    most_at[v] = least_at[v] = (i64x2){0, 0};
  }
  for (int i = 0; i < count; i++) {
    for (int v = 0; v < VECTORS; v++) {
      const i64x2 at = {i, i};
      const f64x2 product = low[low_codes[i]][v] + high[high_codes[i]][v];
      const i64x2 more = product > most[v];
      most[v] = (f64x2)select(more, (i64x2)product, (i64x2)most[v]);
      most_at[v] = select(more, at, most_at[v]);
      if (antipodal) {
        const i64x2 less = product < least[v];
        least[v] = (f64x2)select(less, (i64x2)product, (i64x2)least[v]);
        least_at[v] = select(less, at, least_at[v]);
      }
    }
  }
  for (int v = 0; v < VECTORS; v++) {
    if (antipodal) {
      const i64x2 complement = -least[v] > most[v];
      most_at[v] = select(complement, least_at[v] + count, most_at[v]);
    }
    best[2 * v] = most_at[v][0];
    best[2 * v + 1] = most_at[v][1];
  }
}

/*
 * Index of the nearest member for each latent kernel; `kernels` is a multiple of four.
 *
 * latents [kernels, 9], codes [count] of the representatives, indices [kernels]
 */
__attribute__((export_name("choose_members")))
void choose_members(const float *latents, const u16 *codes, u16 *indices, int kernels, int count,
                    int antipodal) {
  u16 low_codes[MEMBERS], high_codes[MEMBERS];
  for (int i = 0; i < count; i++) {
    low_codes[i] = codes[i] % LOW_CODES;
    high_codes[i] = codes[i] / LOW_CODES;
  }
  for (int kernel = 0; kernel < kernels; kernel += 4) {
    const float *four = latents + kernel * ELEMENTS;
    if (antipodal) choose_four(four, low_codes, high_codes, count, 1, indices + kernel);
    else choose_four(four, low_codes, high_codes, count, 0, indices + kernel);
  }
}
