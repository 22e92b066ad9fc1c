// The stream of binary commands that the harnesses take on standard input and answer on standard
// output; all numbers are little-endian.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// A number of the command stream; a stream that ends inside a command ends the program.
inline std::uint32_t take(int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    const int byte = std::getchar();
    if (byte == EOF) {
      std::fputs("the command stream ends inside a command\n", stderr);
      std::exit(1);
    }
    value |= static_cast<std::uint32_t>(byte) << (8 * i);
  }
  return value;
}

inline void give(std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) std::putchar(static_cast<int>((value >> (8 * i)) & 0xff));
}

// Carries out a 'W': words of `banks` halves each, a clock a half. `half` is told every half's space and
// address before its clock.
template <typename Model, typename Half, typename Tick>
void write_memory(Model& model, Half half, Tick tick) {
  const std::uint32_t space = take(1);
  const std::uint32_t banks = take(1);
  const std::uint32_t address = take(2);
  const std::uint32_t words = take(2);
  model.write_valid = 1;
  model.write_space = space;
  for (std::uint32_t word = 0; word < words; ++word) {
    for (std::uint32_t bank = 0; bank < banks; ++bank) {
      model.write_address = address + word;
      model.write_bank = bank;
      model.write_data = take(2);
      half(space, address + word);
      tick(model);
    }
  }
  model.write_valid = 0;
}
