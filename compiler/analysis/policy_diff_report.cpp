#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "compiler/analysis/policy_diff.h"
#include "compiler/analysis/task_text.h"
#include "compiler/diagnostics/words.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

using nlohmann::json;

// Pairs that were not decided and are named; more would hide the rest.
constexpr size_t kMaxUndecided = 10;
// Moves that are shown to people.
constexpr size_t kMaxMoves = 100;
// Of a match as written.
constexpr size_t kMaxMatch = 100;

// One policy in the report.
class Names {
 public:
  explicit Names(const DiffSubject& subject) : policy_(*subject.side.policy), sources_(*subject.sources) {}

  [[nodiscard]] const model::Cell& cell(uint32_t index) const { return policy_.cells[index]; }
  [[nodiscard]] const model::Layer& layer(LayerPlace place) const {
    return policy_.cells[place.cell].layers[place.layer];
  }
  [[nodiscard]] std::string name(LayerPlace place) const {
    return fmt::format("layer `{}` in `{}`", layer(place).name, cell(place.cell).name);
  }
  [[nodiscard]] std::string name(uint32_t index) const { return fmt::format("cell `{}`", cell(index).name); }

  // Line and column of what takes tasks to the layer; nothing for what the compiler added.
  [[nodiscard]] json where(Span span, bool implicit) const {
    if (implicit || static_cast<size_t>(span.file) >= sources_.size()) return nullptr;
    const LineColumn at = sources_.position(span.file, span.begin);
    return {{"file", sources_.display_path(span.file)}, {"line", at.line}, {"column", at.column}};
  }
  [[nodiscard]] json where(LayerPlace place) const {
    return where(layer(place).match_span, layer(place).implicit);
  }
  [[nodiscard]] std::string place_text(LayerPlace place) const { return text_of(where(place)); }
  [[nodiscard]] std::string place_text(uint32_t index) const {
    return text_of(where(cell(index).span, false));
  }

  // `comm "nginx*" and not web`: as written, on one line.
  [[nodiscard]] std::string match_text(LayerPlace place) const {
    if (layer(place).implicit) return "*";
    std::string out = one_line(sources_.text(layer(place).match_span));
    if (out.size() <= kMaxMatch) return out;
    size_t end = kMaxMatch;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;  // not inside a character
    return out.substr(0, end) + " ...";
  }
  [[nodiscard]] std::string properties(LayerPlace place) const {
    std::string out(model::spelling(layer(place).kind));
    for (const std::string& property : model::property_texts(layer(place))) out += ", " + property;
    return out;
  }
  [[nodiscard]] std::string file() const { return printable(sources_.display_path(FileId{0})); }
  [[nodiscard]] const std::string& policy_name() const { return policy_.name; }

 private:
  static std::string text_of(const json& where) {
    if (where.is_null()) return "added by the compiler";
    return fmt::format("{}:{}", printable(where["file"].get<std::string>()), where["line"].get<uint32_t>());
  }

  const model::Policy& policy_;
  const Sources& sources_;
};

class TextReport {
 public:
  TextReport(const PolicyDiff& diff, const DiffSubject& old_one, const DiffSubject& new_one, bool color)
      : diff_(diff), old_(old_one), new_(new_one), color_(color) {}

  std::string write() {
    if (diff_.is_empty()) return fmt::format("{} and {} mean the same\n", old_.file(), new_.file());
    write_renames();
    write_removed_and_added();
    write_moves(false, "tasks that go somewhere else, for instance");
    write_moves(true, "and where a family of cells is full and refuses the cgroup");
    write_undecided();
    write_settings();
    write_summary();
    return std::move(out_);
  }

 private:
  void head(const std::string& text) {
    if (!out_.empty()) out_ += '\n';
    out_ += painted(text, "\033[1m") + "\n";
  }
  [[nodiscard]] std::string painted(const std::string& text, const char* begin) const {
    return color_ ? begin + text + "\033[0m" : text;
  }
  void removed(const std::string& text, int indent = 2) {
    out_ += std::string(indent, ' ') + painted("- " + text, "\033[31m") + "\n";
  }
  void added(const std::string& text, int indent = 2) {
    out_ += std::string(indent, ' ') + painted("+ " + text, "\033[32m") + "\n";
  }

  void write_renames() {
    if (diff_.renames.empty()) return;
    head("renamed");
    for (const Rename& rename : diff_.renames) {
      if (!rename.old_layer) {
        out_ += fmt::format("  {} ({}) is now {} ({}): the same cgroups\n", old_.name(rename.old_cell),
                            old_.place_text(rename.old_cell), new_.name(rename.new_cell),
                            new_.place_text(rename.new_cell));
        continue;
      }
      const LayerPlace from{rename.old_cell, *rename.old_layer}, to{rename.new_cell, *rename.new_layer};
      out_ += fmt::format("  {} ({}) is now {} ({}): the same {}\n", old_.name(from), old_.place_text(from),
                          new_.name(to), new_.place_text(to), rename.same_tasks ? "tasks" : "match");
    }
  }

  void write_removed_and_added() {
    if (diff_.removed_cells.empty() && diff_.added_cells.empty() && diff_.removed_layers.empty() &&
        diff_.added_layers.empty())
      return;
    head("removed and new");
    for (const uint32_t cell : diff_.removed_cells)
      removed(fmt::format("{} ({})", old_.name(cell), old_.place_text(cell)));
    for (const LayerPlace& place : diff_.removed_layers)
      removed(fmt::format("{} ({}): {}", old_.name(place), old_.place_text(place), old_.properties(place)));
    for (const uint32_t cell : diff_.added_cells)
      added(fmt::format("{} ({})", new_.name(cell), new_.place_text(cell)));
    for (const LayerPlace& place : diff_.added_layers)
      added(fmt::format("{} ({}): {}", new_.name(place), new_.place_text(place), new_.properties(place)));
  }

  void write_moves(bool needs_full, const std::string& title) {
    const LayerPlace* last = nullptr;
    size_t count = 0;
    for (const Move& move : diff_.moves) {
      if (!move.is_decided || move.needs_full != needs_full) continue;
      if (count++ == 0) head(title);
      if (count > kMaxMoves) continue;
      if (last == nullptr || *last != move.from) removed(line(old_, move.from));
      last = &move.from;
      out_ += "      " + task_text(move.task) + "\n";
      added(line(new_, move.to), 4);
    }
    if (count > kMaxMoves) out_ += fmt::format("  and {} more: `--format json` has all\n", count - kMaxMoves);
  }
  static std::string line(const Names& names, LayerPlace place) {
    return fmt::format("{} ({}): {}", names.name(place), names.place_text(place), names.match_text(place));
  }

  void write_undecided() {
    size_t count = 0;
    for (const Move& move : diff_.moves) {
      if (move.is_decided) continue;
      if (count++ == 0) head("not decided: whether tasks go");
      if (count <= kMaxUndecided)
        out_ += fmt::format("  from {} to {}\n", old_.name(move.from), new_.name(move.to));
    }
    if (count > kMaxUndecided) out_ += fmt::format("  and {} more\n", count - kMaxUndecided);
    if (count != 0)
      out_ += "  (too many tests to compare, uses of several GPUs, or names of one user or group)\n";
  }

  void write_settings() {
    if (diff_.settings.empty()) return;
    head("settings");
    std::string last;
    for (const ChangedSetting& setting : diff_.settings) {
      std::string scope = scope_of(setting);
      if (scope != last) out_ += "  " + scope + "\n";
      last = std::move(scope);
      if (!setting.old_value.empty()) removed(setting.old_value, 4);
      if (!setting.new_value.empty()) added(setting.new_value, 4);
    }
  }
  [[nodiscard]] std::string scope_of(const ChangedSetting& setting) const {
    switch (setting.scope) {
      case model::Scope::kPolicy:
        return "policy";
      case model::Scope::kCell:
        return fmt::format("{} ({})", new_.name(setting.after.cell), new_.place_text(setting.after.cell));
      case model::Scope::kLayer:
        break;
    }
    return fmt::format("{} ({})", new_.name(setting.after), new_.place_text(setting.after));
  }

  void write_summary() {
    size_t undecided = 0;
    for (const Move& move : diff_.moves) undecided += move.is_decided ? 0 : 1;
    std::vector<std::string> parts;
    const auto say = [&](size_t count, std::string_view what, std::string_view many) {
      if (count != 0) parts.push_back(diag::count_of(count, what, many));
    };
    say(diff_.renames.size(), "renamed", "renamed");
    say(diff_.removed_cells.size() + diff_.removed_layers.size(), "removed", "removed");
    say(diff_.added_cells.size() + diff_.added_layers.size(), "new", "new");
    say(diff_.moves.size() - undecided, "move", "moves");
    say(undecided, "not decided", "not decided");
    say(diff_.settings.size(), "setting", "settings");
    out_ += fmt::format("\n{} to {}: {}\n", old_.file(), new_.file(), fmt::join(parts, ", "));
  }

  const PolicyDiff& diff_;
  Names old_, new_;
  bool color_;
  std::string out_;
};

json layer_json(const Names& names, LayerPlace place) {
  return {{"cell", names.cell(place.cell).name},
          {"layer", names.layer(place).name},
          {"where", names.where(place)}};
}

json cell_json(const Names& names, uint32_t cell) {
  return {{"cell", names.cell(cell).name}, {"where", names.where(names.cell(cell).span, false)}};
}

json setting_json(const Names& names, const ChangedSetting& setting) {
  json out = {{"scope", spelling(setting.scope)},
              {"name", setting.name},
              {"old", setting.old_value.empty() ? json(nullptr) : json(setting.old_value)},
              {"new", setting.new_value.empty() ? json(nullptr) : json(setting.new_value)}};
  if (setting.scope == model::Scope::kPolicy) return out;
  out.update(setting.scope == model::Scope::kCell ? cell_json(names, setting.after.cell)
                                                  : layer_json(names, setting.after));
  return out;
}

json rename_json(const Names& olds, const Names& news, const Rename& rename) {
  if (!rename.old_layer)
    return {{"old", cell_json(olds, rename.old_cell)}, {"new", cell_json(news, rename.new_cell)}};
  return {{"old", layer_json(olds, {rename.old_cell, *rename.old_layer})},
          {"new", layer_json(news, {rename.new_cell, *rename.new_layer})},
          {"same_tasks", rename.same_tasks}};
}

}  // namespace

std::string to_text(const PolicyDiff& diff, const DiffSubject& old_one, const DiffSubject& new_one,
                    bool color) {
  return TextReport(diff, old_one, new_one, color).write();
}

std::string to_json(const PolicyDiff& diff, const DiffSubject& old_one, const DiffSubject& new_one) {
  const Names olds(old_one), news(new_one);
  json renames = json::array(), removed = json::array(), added = json::array();
  json moves = json::array(), undecided = json::array(), settings = json::array();
  for (const Rename& rename : diff.renames) renames.push_back(rename_json(olds, news, rename));
  for (const uint32_t cell : diff.removed_cells) removed.push_back(cell_json(olds, cell));
  for (const LayerPlace& place : diff.removed_layers) removed.push_back(layer_json(olds, place));
  for (const uint32_t cell : diff.added_cells) added.push_back(cell_json(news, cell));
  for (const LayerPlace& place : diff.added_layers) added.push_back(layer_json(news, place));
  for (const Move& move : diff.moves) {
    json out = {{"from", layer_json(olds, move.from)}, {"to", layer_json(news, move.to)}};
    if (move.is_decided) out["task"] = task_text(move.task);
    if (move.is_decided) out["while_families_are_full"] = move.needs_full;
    (move.is_decided ? moves : undecided).push_back(std::move(out));
  }
  for (const ChangedSetting& setting : diff.settings) settings.push_back(setting_json(news, setting));
  const json document = {{"version", 1},
                         {"same", diff.is_empty()},
                         {"old", {{"file", olds.file()}, {"policy", olds.policy_name()}}},
                         {"new", {{"file", news.file()}, {"policy", news.policy_name()}}},
                         {"renamed", std::move(renames)},
                         {"removed", std::move(removed)},
                         {"added", std::move(added)},
                         {"moves", std::move(moves)},
                         {"not_decided", std::move(undecided)},
                         {"settings", std::move(settings)}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace scx::analysis
