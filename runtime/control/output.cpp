#include "runtime/control/output.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace scx::control {

Output::Output(const Signals& signals) : signals_(signals) {
  const char* term = std::getenv("TERM");
  terminal_ = ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
  // In the guest of --vm output goes through a port to the host's terminal, which has COLUMNSxLINES.
  if (const char* screen = std::getenv("SCX_RUN_SCREEN")) {
    const char* lines = std::strchr(screen, 'x');
    const auto size = [](const char* text) {
      return static_cast<unsigned>(std::clamp(std::atoi(text), 0, 1000));
    };
    screen_ = {size(screen), lines == nullptr ? 0 : size(lines + 1)};
    terminal_ = screen_->columns > 0;
  }
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org: set and not empty
  color_ = terminal_ && (no_color == nullptr || *no_color == '\0');
}

Output::Screen Output::screen() const {
  if (screen_) return *screen_;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return {size.ws_col, size.ws_row};
  return {};
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
