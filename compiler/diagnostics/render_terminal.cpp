#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/diagnostics/display_text.h"
#include "compiler/diagnostics/render.h"

namespace scx::diag {
namespace {

// A longer line is shown in part, around what the diagnostic is about.
constexpr size_t kMaxLineBytes = 240;
constexpr size_t kContextBytes = 60;

enum class Style : uint8_t { kPlain, kBold, kError, kWarning, kNote, kGutter, kSecondary };

class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  [[nodiscard]] std::string operator()(Style style, std::string text) const {
    if (!color_ || style == Style::kPlain || text.empty()) return text;
    return fmt::format("\033[{}m{}\033[0m", sequence(style), text);
  }

 private:
  static std::string_view sequence(Style style) {
    switch (style) {
      case Style::kError:
        return "1;31";
      case Style::kWarning:
        return "1;33";
      case Style::kNote:
        return "1;32";
      case Style::kGutter:
      case Style::kSecondary:
        return "1;34";
      default:
        return "1";
    }
  }
  bool color_;
};

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return Style::kError;
    case Severity::kWarning:
      return Style::kWarning;
    case Severity::kNote:
      break;
  }
  return Style::kNote;
}

// A marked part of one line, in bytes of the line.
struct Mark {
  uint32_t line;
  size_t begin, end;
  std::string text;
  bool primary;
};

Mark mark_of(Span span, std::string text, bool primary, const Sources& sources) {
  const LineColumn begin = sources.position(span.file, span.begin);
  const std::string_view line = sources.line(span.file, begin.line);
  const size_t first = std::min<size_t>(begin.column - 1, line.size());
  // A span over several lines is marked to the end of its first.
  const size_t bytes = span.end > span.begin ? span.end - span.begin : 0;
  return {begin.line, first, std::min(first + bytes, line.size()), std::move(text), primary};
}

// Cells of a row of marks: one character a column, its style beside it.
class Row {
 public:
  void put(size_t column, char character, Style style) {
    if (cells_.size() <= column) cells_.resize(column + 1, {' ', Style::kPlain});
    cells_[column] = {character, style};
  }
  void pad(size_t columns) {
    if (cells_.size() < columns) cells_.resize(columns, {' ', Style::kPlain});
  }
  // Behind the last cell.
  void append(std::string text, Style style) { tail_ = {std::move(text), style}; }
  [[nodiscard]] std::string paint(const Painter& paint) const {
    std::string out;
    for (size_t i = 0; i < cells_.size();) {
      size_t end = i;
      std::string run;
      while (end < cells_.size() && cells_[end].second == cells_[i].second) run += cells_[end++].first;
      out += paint(cells_[i].second, std::move(run));
      i = end;
    }
    return out + paint(tail_.second, tail_.first);
  }

 private:
  std::vector<std::pair<char, Style>> cells_;
  std::pair<std::string, Style> tail_{{}, Style::kPlain};
};

class Renderer {
 public:
  Renderer(const Diagnostic& diagnostic, const Sources& sources, bool color)
      : diagnostic_(diagnostic), sources_(sources), paint_(color), style_(style_of(diagnostic.severity)) {}

  std::string run() {
    std::map<FileId, std::vector<Mark>> marks;
    std::vector<FileId> order = {diagnostic_.span.file};
    const auto add = [&](Span span, const std::string& text, bool primary) {
      if (std::find(order.begin(), order.end(), span.file) == order.end()) order.push_back(span.file);
      marks[span.file].push_back(mark_of(span, text, primary, sources_));
    };
    add(diagnostic_.span, diagnostic_.label, true);
    for (const Label& label : diagnostic_.labels) add(label.span, label.text, false);
    uint32_t last = 1;
    for (const auto& [file, list] : marks)
      for (const Mark& mark : list) last = std::max(last, mark.line);
    gutter_ = fmt::format("{}", last).size();

    const KindInfo& kind = info(diagnostic_.kind);
    out_ += paint_(style_, fmt::format("{}[{}]", spelling(diagnostic_.severity), kind.code));
    out_ += paint_(Style::kBold, fmt::format(": {}", display(diagnostic_.message).text)) + "\n";
    for (const FileId file : order) render_file(file, marks[file]);
    for (const std::string& note : diagnostic_.notes) remark("note", note);
    if (!diagnostic_.help.empty()) remark("help", diagnostic_.help);
    return std::move(out_);
  }

 private:
  void render_file(FileId file, std::vector<Mark>& marks) {
    const bool main = file == diagnostic_.span.file;
    const LineColumn at = main ? sources_.position(file, diagnostic_.span.begin)
                               : LineColumn{marks[0].line, static_cast<uint32_t>(marks[0].begin + 1)};
    out_ += std::string(gutter_, ' ') + paint_(Style::kGutter, main ? "--> " : "::: ");
    out_ += fmt::format("{}:{}:{}\n", display(sources_.display_path(file)).text, at.line, at.column);
    // An object given as a policy has no lines to show.
    if (sources_.text(file).starts_with("\177ELF")) return;
    bare_gutter();
    out_ += "\n";
    std::map<uint32_t, std::vector<const Mark*>> lines;
    for (const Mark& mark : marks) lines[mark.line].push_back(&mark);
    uint32_t previous = 0;
    for (const auto& [number, list] : lines) {
      if (previous != 0 && number == previous + 2) source_line(file, previous + 1, {});
      if (previous != 0 && number > previous + 2) out_ += paint_(Style::kGutter, "...") + "\n";
      source_line(file, number, list);
      previous = number;
    }
  }

  void bare_gutter() { out_ += std::string(gutter_ + 1, ' ') + paint_(Style::kGutter, "|"); }

  void source_line(FileId file, uint32_t number, const std::vector<const Mark*>& marks) {
    std::string_view line = sources_.line(file, number);
    size_t from = 0;
    std::string before;
    std::string after;
    if (line.size() > kMaxLineBytes) {
      const size_t focus = marks.empty() ? 0 : marks[0]->begin;
      from = boundary(line, focus > kContextBytes ? focus - kContextBytes : 0);
      const size_t to = boundary(line, std::min(line.size(), from + kMaxLineBytes));
      before = from > 0 ? "..." : "";
      after = to < line.size() ? "..." : "";
      line = line.substr(from, to - from);
    }
    const DisplayText shown = display(line);
    out_ += paint_(Style::kGutter, fmt::format("{:>{}} |", number, gutter_));
    const std::string text = before + shown.text + after;
    out_ += text.empty() ? "\n" : " " + text + "\n";
    if (!marks.empty()) mark_line(shown, marks, from, before.size());
  }

  // The next byte that begins a character.
  static size_t boundary(std::string_view line, size_t at) {
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80) ++at;
    return at;
  }

  struct Placed {
    size_t begin, end;  // columns
    const Mark* mark;
  };

  void mark_line(const DisplayText& shown, const std::vector<const Mark*>& marks, size_t from, size_t shift) {
    std::vector<Placed> placed;
    const size_t bytes = shown.columns.size() - 1;
    const auto column = [&](size_t byte) {
      return shift + shown.columns[std::min(byte > from ? byte - from : 0, bytes)];
    };
    for (const Mark* mark : marks) {
      const size_t begin = column(mark->begin);
      placed.push_back({begin, std::max(column(mark->end), begin + 1), mark});
    }
    Row row;
    // The primary one last: where marks overlap it is on top.
    for (auto it = placed.rbegin(); it != placed.rend(); ++it)
      for (size_t i = it->begin; i < it->end; ++i)
        row.put(i, it->mark->primary ? '^' : '-', it->mark->primary ? style_ : Style::kSecondary);

    std::vector<Placed> labelled;
    for (const Placed& p : placed)
      if (!p.mark->text.empty()) labelled.push_back(p);
    std::sort(labelled.begin(), labelled.end(),
              [](const Placed& a, const Placed& b) { return a.begin > b.begin; });
    // The rightmost label stands behind the marks, if nothing is marked behind it.
    size_t next = 0;
    if (!labelled.empty() && std::all_of(placed.begin(), placed.end(), [&](const Placed& p) {
          return p.mark == labelled[0].mark || p.end <= labelled[0].begin || p.end <= labelled[0].end;
        })) {
      row.append(" " + display(labelled[0].mark->text).text, style_for(labelled[0]));
      next = 1;
    }
    emit(row);
    if (next < labelled.size()) emit(bars(labelled, next, labelled.size()));
    for (size_t i = next; i < labelled.size(); ++i) {
      Row text = bars(labelled, i + 1, labelled.size(), labelled[i].begin);
      text.pad(labelled[i].begin);
      text.append(display(labelled[i].mark->text).text, style_for(labelled[i]));
      emit(text);
    }
  }

  // Bars that lead down to the labels [first, last); only those left of `limit`.
  Row bars(const std::vector<Placed>& labelled, size_t first, size_t last, size_t limit = SIZE_MAX) {
    Row row;
    for (size_t i = first; i < last; ++i)
      if (labelled[i].begin < limit) row.put(labelled[i].begin, '|', style_for(labelled[i]));
    return row;
  }

  [[nodiscard]] Style style_for(const Placed& placed) const {
    return placed.mark->primary ? style_ : Style::kSecondary;
  }

  void emit(const Row& row) {
    bare_gutter();
    out_ += " " + row.paint(paint_) + "\n";
  }

  void remark(std::string_view word, const std::string& text) {
    out_ += std::string(gutter_ + 1, ' ') + paint_(Style::kGutter, "= ") +
            paint_(Style::kBold, fmt::format("{}:", word));
    // Lines of a remark stand below each other.
    size_t begin = 0;
    while (begin <= text.size()) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      if (begin > 0) out_ += std::string(gutter_ + 3 + word.size() + 1, ' ');
      out_ += " " + display(std::string_view(text).substr(begin, end - begin)).text + "\n";
      begin = end + 1;
    }
  }

  const Diagnostic& diagnostic_;
  const Sources& sources_;
  Painter paint_;
  Style style_;
  size_t gutter_ = 1;
  std::string out_;
};

}  // namespace

std::string render_terminal(const Diagnostic& diagnostic, const Sources& sources, bool color) {
  return Renderer(diagnostic, sources, color).run();
}

std::string render_terminal(const Diagnostics& diagnostics, const Sources& sources, bool color) {
  std::string out;
  for (const Diagnostic* diagnostic : diagnostics.sorted())
    out += render_terminal(*diagnostic, sources, color) + "\n";
  return out;
}

std::string render_compact(const Diagnostics& diagnostics, const Sources& sources) {
  std::string out;
  for (const Diagnostic* diagnostic : diagnostics.sorted()) {
    const LineColumn at = sources.position(diagnostic->span.file, diagnostic->span.begin);
    const KindInfo& kind = info(diagnostic->kind);
    out += fmt::format("{}:{}:{}: {}[{}]: {}\n", display(sources.display_path(diagnostic->span.file)).text,
                       at.line, at.column, spelling(diagnostic->severity), kind.code,
                       display(diagnostic->message).text);
  }
  return out;
}

}  // namespace scx::diag
