/* The packed model's runtime as a WebAssembly module. */
#include "program.h"

__attribute__((export_name("run"))) void run(const uint8_t *constants, uint8_t *arena, uint8_t *scratch,
                                             const int32_t *op, int part, int parts) {
  const Thread thread = {constants, arena, scratch, part, parts};
  run_operation(&thread, op);
}
