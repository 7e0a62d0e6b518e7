#include "runtime/control/output.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace scx::control {

Output::Output(const Signals& signals) : signals_(signals) {
  const char* term = std::getenv("TERM");
  terminal_ = ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
  // In the guest of --vm output goes through a port to the host's terminal, which has this many columns.
  if (const char* columns = std::getenv("SCX_RUN_COLUMNS")) {
    columns_ = static_cast<unsigned>(std::clamp(std::atoi(columns), 0, 1000));
    terminal_ = columns_ > 0;
  }
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org: set and not empty
  color_ = terminal_ && (no_color == nullptr || *no_color == '\0');
}

unsigned Output::width() const {
  if (columns_ > 0) return columns_;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 120;
}

bool Output::write(std::string_view text) {
  // A pipe that poll calls writable takes this much without blocking (PIPE_BUF).
  constexpr size_t kChunk = 4096;
  while (!text.empty()) {
    pollfd ready[2] = {{STDOUT_FILENO, POLLOUT, 0}, {signals_.descriptor(), POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return false;
    if ((ready[0].revents & POLLOUT) == 0) {
      if (ready[0].revents != 0 || ready[1].revents != 0) return false;
      continue;
    }
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), std::min(kChunk, text.size()));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool Output::redraw(std::string_view text) {
  if (!terminal_) return write(text);
  std::string frame;
  if (drawn_lines_ > 0) frame = fmt::format("\x1b[{}A\x1b[J", drawn_lines_);
  frame += text;
  drawn_lines_ = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n'));
  return write(frame);
}

void Output::leave() { drawn_lines_ = 0; }

}  // namespace scx::control
