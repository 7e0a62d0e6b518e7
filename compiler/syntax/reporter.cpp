#include "compiler/syntax/reporter.h"

#include <algorithm>

namespace scx::syntax {

void Reporter::quiet_line(uint32_t offset) {
  const size_t newline_before = text_.rfind('\n', offset == 0 ? 0 : offset - 1);
  const size_t begin = newline_before == std::string_view::npos ? 0 : newline_before;
  const size_t end = std::min(text_.find('\n', offset), text_.size());
  quiet(static_cast<uint32_t>(begin), static_cast<uint32_t>(end));
}

diag::Diagnostics& Reporter::target(Span span) {
  // Dropped ones are read by nobody; they only give the caller a builder.
  if (dropped_.all().size() > 1000) dropped_ = diag::Diagnostics();
  for (const auto& [begin, end] : quiet_)
    if (span.begin >= begin && span.begin < end) return dropped_;
  if (reported_ >= kMaxErrors) {
    if (reported_ == kMaxErrors) {
      ++reported_;
      diagnostics_.report(diag::Kind::kTooManyErrors, span, "more than {} errors in this file", kMaxErrors)
          .at("the errors from here on are not listed");
    }
    return dropped_;
  }
  ++reported_;
  return diagnostics_;
}

}  // namespace scx::syntax
