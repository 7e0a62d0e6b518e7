// ANTLR's view of a file as bytes: an index is a byte offset, nothing is
// decoded and nothing can fail. ANTLR's own stream throws on text that is not
// UTF-8 and counts code points.
#pragma once

#include <string>
#include <string_view>

#include <antlr4-runtime.h>

namespace scx::syntax {

class ByteStream final : public antlr4::CharStream {
 public:
  explicit ByteStream(std::string_view text) : text_(text) {}

  void consume() override { ++position_; }
  size_t LA(ssize_t i) override {
    // LA(0) is undefined and LA(-1) the byte before, as ANTLR defines them.
    if (i == 0) return 0;
    const size_t at = position_ + static_cast<size_t>(i > 0 ? i - 1 : i);
    return at < text_.size() ? static_cast<unsigned char>(text_[at]) : EOF;
  }
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  size_t index() override { return position_; }
  void seek(size_t index) override { position_ = index; }
  size_t size() override { return text_.size(); }
  std::string getText(const antlr4::misc::Interval&) override { return {}; }
  std::string toString() const override { return {}; }
  std::string getSourceName() const override { return {}; }

 private:
  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace scx::syntax
