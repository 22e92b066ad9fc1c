// Drives a Verilated subbit_network from a stream of binary commands on standard input and answers
// on standard output. All numbers are little-endian.
//
//   'W' space:u8 banks:u8 address:u16 words:u16, then words * banks halves:u16   write memory
//   'R' last:u8                                             -> cycles:u32        run layers 0..last
//   'D' address:u16 words:u16                               -> words halves:u16  read maps
//
// The stream's end ends the program. Exit 1: a malformed stream; exit 2: a network that never ends.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "Vsubbit_network.h"
#include "commands.h"
#include "verilated.h"

namespace {

constexpr std::uint64_t kCycleLimit = 1ull << 28;

using Model = Vsubbit_network;

void tick(Model& model) {
  model.clk = 0;
  model.eval();
  model.clk = 1;
  model.eval();
}

void run_layers(Model& model) {
  model.last_layer = take(1);
  model.start_valid = 1;
  tick(model);
  model.start_valid = 0;
  model.eval();
  for (std::uint64_t cycle = 0; !model.start_ready; ++cycle) {
    if (cycle == kCycleLimit) {
      std::fputs("the network does not end\n", stderr);
      std::exit(2);
    }
    tick(model);
  }
  give(model.cycles, 4);
}

void read_maps(Model& model) {
  const std::uint32_t address = take(2);
  const std::uint32_t words = take(2);
  model.read_enable = 1;
  for (std::uint32_t word = 0; word < words; ++word) {
    model.read_address = address + word;
    tick(model);
    give(model.read_data, 2);
  }
  model.read_enable = 0;
}

}  // namespace

int main() {
  const auto model = std::make_unique<Model>();
  model->reset = 1;
  tick(*model);
  tick(*model);
  model->reset = 0;

  for (int command = std::getchar(); command != EOF; command = std::getchar()) {
    switch (command) {
      case 'W': write_memory(*model, [](std::uint32_t, std::uint32_t) {}, tick); break;
      case 'R': run_layers(*model); break;
      case 'D': read_maps(*model); break;
      default:
        std::fprintf(stderr, "unknown command byte %d\n", command);
        return 1;
    }
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
