#include "compiler/support/source.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace scx {

Span join(Span first, Span last) {
  SCX_CHECK(first.file == last.file, "a span lies in one file");
  return {first.file, std::min(first.begin, last.begin), std::max(first.end, last.end)};
}

FileId Sources::add(std::string display_path, std::string logical_path, std::string text) {
  // Offsets are 32 bits wide; the driver refuses files long before this.
  SCX_CHECK(text.size() < UINT32_MAX, "a source file is smaller than 4 GiB");
  auto file = std::make_unique<File>();
  file->display_path = std::move(display_path);
  file->logical_path = std::move(logical_path);
  file->text = std::move(text);
  file->line_starts.push_back(0);
  for (size_t i = 0; i < file->text.size(); ++i)
    if (file->text[i] == '\n') file->line_starts.push_back(static_cast<uint32_t>(i + 1));
  files_.push_back(std::move(file));
  return static_cast<FileId>(files_.size() - 1);
}

const Sources::File& Sources::file(FileId id) const {
  SCX_CHECK(static_cast<size_t>(id) < files_.size(), "the file was added");
  return *files_[static_cast<size_t>(id)];
}

std::string_view Sources::text(FileId id) const { return file(id).text; }

std::string_view Sources::text(Span span) const {
  const std::string_view all = file(span.file).text;
  const size_t begin = std::min<size_t>(span.begin, all.size());
  const size_t end = std::clamp<size_t>(span.end, begin, all.size());
  return all.substr(begin, end - begin);
}

const std::string& Sources::display_path(FileId id) const { return file(id).display_path; }
const std::string& Sources::logical_path(FileId id) const { return file(id).logical_path; }

LineColumn Sources::position(FileId id, uint32_t offset) const {
  const File& f = file(id);
  offset = std::min(offset, static_cast<uint32_t>(f.text.size()));
  const auto after = std::upper_bound(f.line_starts.begin(), f.line_starts.end(), offset);
  const auto line = static_cast<uint32_t>(after - f.line_starts.begin());  // line_starts[0] is 0: at least 1
  return {line, offset - f.line_starts[line - 1] + 1};
}

std::string_view Sources::line(FileId id, uint32_t line) const {
  const File& f = file(id);
  if (line == 0 || line > f.line_starts.size()) return {};
  const size_t begin = f.line_starts[line - 1];
  size_t end = line < f.line_starts.size() ? f.line_starts[line] - 1 : f.text.size();
  if (end > begin && f.text[end - 1] == '\r') --end;
  return std::string_view(f.text).substr(begin, end - begin);
}

}  // namespace scx
