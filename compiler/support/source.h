// Source text and places in it. Every token, node, model entry and diagnostic
// carries a Span; Sources turns it into file, line and column when a person or
// a tool wants to read it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scx {

// Index of a file in Sources.
enum class FileId : uint32_t {};

// Bytes [begin, end) of one file; begin == end is a place between two bytes.
struct Span {
  FileId file{};
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const Span&) const = default;
};

// The smallest span that holds both; they are in one file.
Span join(Span first, Span last);

// Counted from 1; columns count bytes.
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

// The texts of one compilation. Texts never move once added.
class Sources {
 public:
  // `display_path` as the user wrote it; `logical_path` relative to the main
  // policy's folder, which is what objects and manifests carry so that they
  // do not depend on where the compiler ran.
  FileId add(std::string display_path, std::string logical_path, std::string text);

  [[nodiscard]] std::string_view text(FileId file) const;
  [[nodiscard]] std::string_view text(Span span) const;
  [[nodiscard]] const std::string& display_path(FileId file) const;
  [[nodiscard]] const std::string& logical_path(FileId file) const;
  [[nodiscard]] LineColumn position(FileId file, uint32_t offset) const;
  // Line `line` (from 1) without its newline (`\n` or `\r\n`); empty beyond the end.
  [[nodiscard]] std::string_view line(FileId file, uint32_t line) const;
  [[nodiscard]] size_t size() const { return files_.size(); }

 private:
  struct File {
    std::string display_path;
    std::string logical_path;
    std::string text;
    std::vector<uint32_t> line_starts;
  };
  [[nodiscard]] const File& file(FileId id) const;

  std::vector<std::unique_ptr<File>> files_;
};

}  // namespace scx
