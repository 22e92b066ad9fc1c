// A Verilated subbit_uart_accelerator behind a pseudo-terminal: to a host it looks like a board on a
// serial port. Prints the terminal's path on standard output, then runs until standard input ends. From
// there it takes what may happen to a board: R, its reset is pressed; P, it loses power for a moment.
//
// Build with -DDIVIDER=<clocks a bit>, the value of the RTL's parameter.

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

#include "Vsubbit_uart_accelerator.h"
#include "verilated.h"

namespace {

using Model = Vsubbit_uart_accelerator;

// Cycles between looks at the terminal, and how many of them pass while nothing happens.
constexpr int kSlice = 1024;

// Shifts bytes into the design's rx pin.
class Sender {
 public:
  void push(std::uint8_t byte) { bytes_.push_back(byte); }
  bool busy() const { return bits_left_ > 0 || !bytes_.empty(); }
  std::size_t waiting() const { return bytes_.size(); }

  bool level() {
    if (bits_left_ == 0 && !bytes_.empty()) {
      frame_ = static_cast<std::uint16_t>(bytes_.front() << 1 | 0x200);
      bytes_.pop_front();
      bits_left_ = 10;
      clocks_left_ = DIVIDER;
    }
    if (bits_left_ == 0) return true;
    const bool bit = frame_ & 1;
    if (--clocks_left_ == 0) {
      clocks_left_ = DIVIDER;
      frame_ >>= 1;
      --bits_left_;
    }
    return bit;
  }

 private:
  std::deque<std::uint8_t> bytes_;
  std::uint16_t frame_ = 0;
  int bits_left_ = 0;
  int clocks_left_ = 0;
};

// Collects bytes from the design's tx pin.
class Receiver {
 public:
  bool busy() const { return clocks_ >= 0; }

  // Returns the byte that this clock completes, or -1.
  int sample(bool level) {
    if (clocks_ < 0) {
      if (!level) clocks_ = 0;
      return -1;
    }
    ++clocks_;
    if (clocks_ % DIVIDER != DIVIDER / 2) return -1;
    const int bit = clocks_ / DIVIDER;
    if (bit >= 1 && bit <= 8) byte_ = byte_ >> 1 | (level ? 0x80 : 0);
    if (bit < 9) return -1;
    clocks_ = -1;
    return level ? byte_ : -1;
  }

 private:
  int clocks_ = -1;
  int byte_ = 0;
};

int open_terminal() {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    std::perror("no pseudo-terminal");
    std::exit(1);
  }
  const char* path = ptsname(master);
  // Kept open, so that the terminal outlives the hosts that come and go.
  const int slave = open(path, O_RDWR | O_NOCTTY);
  termios settings{};
  if (slave < 0 || tcgetattr(slave, &settings) != 0) {
    std::perror(path);
    std::exit(1);
  }
  cfmakeraw(&settings);
  tcsetattr(slave, TCSANOW, &settings);
  std::printf("%s\n", path);
  std::fflush(stdout);
  return master;
}

void reset(Model& model) {
  model.rx = 1;
  model.reset = 1;
  for (int i = 0; i < 4; ++i) {
    model.clk = i & 1;
    model.eval();
  }
  model.reset = 0;
}

}  // namespace

int main() {
  const int terminal = open_terminal();
  auto model = std::make_unique<Model>();
  Sender sender;
  Receiver receiver;
  reset(*model);

  for (;;) {
    const bool busy = sender.busy() || receiver.busy() || model->working;
    pollfd events[] = {{STDIN_FILENO, POLLIN, 0}, {terminal, POLLIN, 0}};
    poll(events, 2, busy ? 0 : 1);
    if (events[0].revents != 0) {
      char event = 0;
      if (read(STDIN_FILENO, &event, 1) <= 0) return 0;
      if (event == 'P') model = std::make_unique<Model>();
      if (event == 'P' || event == 'R') reset(*model);
    }
    if ((events[1].revents & POLLIN) != 0 && sender.waiting() < 4096) {
      std::uint8_t bytes[1024];
      const ssize_t count = read(terminal, bytes, sizeof bytes);
      for (ssize_t i = 0; i < count; ++i) sender.push(bytes[i]);
    }
    for (int cycle = 0; cycle < kSlice; ++cycle) {
      model->rx = sender.level();
      model->clk = 0;
      model->eval();
      model->clk = 1;
      model->eval();
      const int byte = receiver.sample(model->tx);
      if (byte >= 0) {
        const std::uint8_t out = static_cast<std::uint8_t>(byte);
        while (write(terminal, &out, 1) < 0 && errno == EAGAIN) poll(nullptr, 0, 1);
      }
    }
  }
}
