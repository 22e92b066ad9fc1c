/* Of the two images the one for this build's vectors: kernels, constants and steps differ. */
#include "model.h"

_Alignas(64) const uint64_t snn_image[] = {
#ifdef __AVX2__
#include "vectors-32.inc"
#else
#include "vectors-16.inc"
#endif
};

const size_t snn_image_bytes = SNN_IMAGE_BYTES;
