#include "runtime/base/say.h"

#include <cstdio>
#include <string>

#include "runtime/base/file.h"

namespace scx {

void say(std::string_view text) {
  const std::string safe = printable(text);
  (void)std::fwrite(safe.data(), 1, safe.size(), stderr);
}

}  // namespace scx
