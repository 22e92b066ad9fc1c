/* The network as a runtime image: what snn_load takes. */
#ifndef SNN_MODEL_H
#define SNN_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const uint64_t snn_image[];
extern const size_t snn_image_bytes;

#ifdef __cplusplus
}
#endif

#endif
