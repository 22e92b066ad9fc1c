// Drives a Verilated subbit_engine, or with -DRESPONSE=1 a subbit_response_engine, alone. With
// -DPATIENT=0 its results are accepted only now and then: the proof that waiting costs time and nothing
// else. Commands and answers are those of accelerator.cpp:
//
//   'W' space:u8 banks:u8 address:u16 words:u16, then words * banks halves:u16   write memory
//       space 3 is the harness's own: what it subtracts from twice a count
//   'R'                                                     -> cycles:u32        run the layer
//   'D' lanes:u8 words:u16                          -> words * lanes halves:u16  read results
//
// Build with -DRESPONSE=<0 or 1> -DPATIENT=<0 or 1> -DCOUNTS=<counts a beat> -DCOUNT_BITS=<bits>.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#if RESPONSE
#include "Vsubbit_response_engine.h"
using Model = Vsubbit_response_engine;
#else
#include "Vsubbit_engine.h"
using Model = Vsubbit_engine;
#endif
#include "commands.h"
#include "verilated.h"

namespace {

constexpr std::uint32_t kCycleLimit = 1u << 28;

std::uint32_t noise = 0x2545F491;
std::uint32_t offset = 0;
std::vector<std::uint16_t> results;

bool bit(std::uint64_t beat, int at) { return beat >> at & 1; }

template <std::size_t Words>
bool bit(const VlWide<Words>& beat, int at) {
  return beat[at / 32] >> (at % 32) & 1;
}

template <typename Beat>
void keep(const Beat& beat) {
  for (int at = 0; at < COUNTS; ++at) {
    std::uint32_t count = 0;
    for (int i = 0; i < COUNT_BITS; ++i) count |= std::uint32_t{bit(beat, at * COUNT_BITS + i)} << i;
    results.push_back(static_cast<std::uint16_t>(2 * count - offset));
  }
}

// One clock; the result, if there is one, is accepted at once or in a quarter of the clocks.
void tick(Model& model) {
  noise ^= noise << 13;
  noise ^= noise >> 17;
  noise ^= noise << 5;
  model.out_ready = PATIENT || (noise & 3) == 0;
  model.clk = 0;
  model.eval();
  if (model.out_valid && model.out_ready) keep(model.out_counts);
  model.clk = 1;
  model.eval();
}

// Where the offset of a layer's accumulators is written.
bool is_offset(std::uint32_t space, std::uint32_t address) {
  return RESPONSE ? space == 3 : space == 2 && address == 7;
}

// Keeps the offset as it is written.
auto note_offset(Model& model) {
  return [&model](std::uint32_t space, std::uint32_t address) {
    if (is_offset(space, address)) offset = model.write_data;
  };
}

void run_layer(Model& model) {
  results.clear();
  model.start_valid = 1;
  tick(model);
  model.start_valid = 0;
  model.eval();
  std::uint32_t cycles = 0;
  for (; !model.start_ready; ++cycles) {
    if (cycles == kCycleLimit) {
      std::fputs("the layer does not end\n", stderr);
      std::exit(2);
    }
    tick(model);
  }
  give(cycles, 4);
}

void read_results() {
  const std::uint32_t lanes = take(1);
  const std::uint32_t words = take(2);
  if (results.size() != lanes * words) {
    std::fprintf(stderr, "%zu results, %u expected\n", results.size(), lanes * words);
    std::exit(2);
  }
  for (const std::uint16_t result : results) give(result, 2);
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
      case 'W': write_memory(*model, note_offset(*model), tick); break;
      case 'R': run_layer(*model); break;
      case 'D': read_results(); break;
      default:
        std::fprintf(stderr, "unknown command byte %d\n", command);
        return 1;
    }
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
