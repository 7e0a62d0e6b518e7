// Standard output of the running loader: a table redrawn in place on a
// terminal, lines elsewhere, and never a write that a signal cannot interrupt.
#pragma once

#include <string>
#include <string_view>

#include "runtime/control/signals.h"

namespace scx::control {

class Output {
 public:
  explicit Output(const Signals& signals);
  [[nodiscard]] bool is_terminal() const { return terminal_; }
  [[nodiscard]] bool color() const { return color_; }
  [[nodiscard]] unsigned width() const;

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
  unsigned columns_ = 0;  // of a terminal that this process cannot ask
  unsigned drawn_lines_ = 0;
};

}  // namespace scx::control
