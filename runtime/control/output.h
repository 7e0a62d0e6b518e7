// Standard output of the running loader: a table redrawn in place on a
// terminal, lines elsewhere, and never a write that a signal cannot interrupt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/control/signals.h"

namespace scx::control {

class Output {
 public:
  explicit Output(const Signals& signals);
  [[nodiscard]] bool is_terminal() const { return terminal_; }
  [[nodiscard]] bool color() const { return color_; }

  struct Screen {
    unsigned columns = 120;
    unsigned lines = 0;  // 0: not known
  };
  [[nodiscard]] Screen screen() const;

  // False when the reader is gone or a signal came while it was slow.
  bool write(std::string_view text);
  // Replaces what the last redraw wrote, on a terminal.
  bool redraw(std::string_view text);
  // The next redraw begins below what is on the screen now.
  void leave();

 private:
  const Signals& signals_;
  bool terminal_ = false;
  bool color_ = false;
  std::optional<Screen> screen_;  // of a terminal that this process cannot ask
  unsigned drawn_lines_ = 0;
};

}  // namespace scx::control
