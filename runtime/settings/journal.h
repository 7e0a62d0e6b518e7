// The undo journal as text: who owns it, what was changed, what is back again.
// Pure; runtime/settings/store.h keeps the file. Nothing in a journal is
// trusted: only settings and values that we know come out of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/settings/process.h"
#include "runtime/settings/setting.h"

namespace scx::settings {

// A setting that is changed. `earlier` is what we had set before `value`, or `value` itself: after a crash
// either may be there.
struct Undo {
  Setting setting;
  std::string before;
  std::string value;
  std::string earlier;
  bool operator==(const Undo&) const = default;
};

struct Journal {
  std::optional<Owner> owner;   // nothing: it was begun and not one line is whole
  std::vector<Undo> undos;      // in the order in which they were changed first
  size_t unreadable_lines = 0;  // whole lines that are none of ours, left out
};

// Lines, each with its newline:
//   scx-settings 1 BOOT PID START
//   set PATH BEFORE VALUE           before PATH is changed; BEFORE counts for the first since `back`
//   back PATH                       after PATH was put back or left to somebody else
std::string owner_line(const Owner& owner);
std::string set_line(Setting setting, std::string_view before, std::string_view value);
std::string back_line(Setting setting);

// A last line without newline is ignored. Error: the first line is none of ours ("corrupt-journal").
Result<Journal> parse_journal(std::string_view text);

}  // namespace scx::settings
