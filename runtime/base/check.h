// SCX_CHECK: an invariant of our own. It never reports a mistake of the user;
// when it fails the program has a bug, says where, and aborts.
#pragma once

namespace scx {
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* message);
}  // namespace scx

#define SCX_CHECK(condition, message)                                               \
  do {                                                                              \
    if (!(condition)) ::scx::check_failed(#condition, __FILE__, __LINE__, message); \
  } while (false)
