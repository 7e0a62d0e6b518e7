// The one way to make an Error that scripts can tell from others: its reason
// first, then the words. Used by everything that refuses on behalf of scx-run.
#pragma once

#include <string>
#include <utility>

#include "runtime/base/result.h"

namespace scx {

// `reason` is the stable word (see Error), `message` and `help` are for people.
[[nodiscard]] inline Error refusal(std::string reason, std::string message, std::string help = "") {
  return Error{std::move(message), std::move(help), std::move(reason)};
}

}  // namespace scx
