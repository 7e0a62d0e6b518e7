#include "runtime/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace scx {

void check_failed(const char* condition, const char* file, int line, const char* message) {
  std::fprintf(
      stderr,
      "internal error: %s\n  %s:%d: `%s` does not hold\n  please report this with the input that caused it\n",
      message, file, line, condition);
  std::abort();
}

}  // namespace scx
