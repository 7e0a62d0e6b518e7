#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/analysis/coverage.h"
#include "compiler/analysis/task_text.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

using nlohmann::json;

std::string place(const abi::Location& where) {
  return where.file.empty() ? "added by the compiler"
                            : fmt::format("{}:{}", printable(where.file), where.line);
}

// Lines with a mark: shown, not shown, does not count.
class Lines {
 public:
  explicit Lines(bool color) : color_(color) {}

  void head(std::string_view what, const Coverage::Share& share) {
    const char* paint = share.seen == share.all ? "\033[1;32m" : "\033[1;31m";
    out_ += fmt::format("{}: ", what);
    out_ += painted(fmt::format("{} of {} ({}%)", share.seen, share.all, share.percent()), paint) + "\n";
  }

  void line(const std::string& name, const abi::Location& where, const std::vector<const Shown*>& parts,
            const std::vector<std::string_view>& words) {
    const Shown* missing = nullptr;
    bool counts = false;
    for (const Shown* part : parts) {
      counts = counts || part->is_seen || part->can_be;
      if (!part->is_seen && part->can_be) missing = part;
    }
    const char* mark = missing != nullptr ? "no " : counts ? "yes" : "-  ";
    const char* paint = missing != nullptr ? "\033[31m" : counts ? "\033[32m" : "";
    out_ += fmt::format("  {}  {} ({})", painted(mark, paint), name, place(where));
    std::string_view separator = ": ";
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i]->is_seen) continue;
      out_ += fmt::format("{}{}", separator, words[i]);
      if (!parts[i]->task.empty()) out_ += fmt::format(" (it would be by {})", parts[i]->task);
      if (!parts[i]->why_not.empty()) out_ += fmt::format(" ({})", parts[i]->why_not);
      separator = "; ";
    }
    out_ += '\n';
  }

  std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] std::string painted(const std::string& text, const char* begin) const {
    return color_ && *begin != '\0' ? begin + text + "\033[0m" : text;
  }

  bool color_;
  std::string out_;
};

json shown_json(const Shown& shown) {
  json out = {{"seen", shown.is_seen}};
  if (shown.is_seen) return out;
  out["can_be"] = shown.can_be;
  if (!shown.task.empty()) out["task"] = shown.task;
  if (!shown.why_not.empty()) out["why_not"] = shown.why_not;
  return out;
}

json share_json(const Coverage::Share& share) {
  return {{"seen", share.seen}, {"all", share.all}, {"percent", share.percent()}};
}

json where_json(const abi::Location& where) {
  if (where.file.empty()) return nullptr;
  return {{"file", where.file}, {"line", where.line}, {"column", where.column}};
}

json values_json(const std::vector<BothValues>& values, const char* name) {
  json out = json::array();
  for (const BothValues& both : values)
    out.push_back({{name, both.text},
                   {"where", where_json(both.where)},
                   {"true", shown_json(both.yes)},
                   {"false", shown_json(both.no)}});
  return out;
}

}  // namespace

std::string to_text(const Coverage& coverage, bool color) {
  Lines out(color);
  out.head("layers reached", coverage.of_layers());
  for (const LayerCoverage& layer : coverage.layers)
    out.line(fmt::format("`{}` in `{}`", layer.layer, layer.cell), layer.where, {&layer.shown},
             {"not reached"});
  const auto values = [&](std::string_view head, const std::vector<BothValues>& list) {
    if (list.empty()) return;
    out.head(head, Coverage::of(list));
    for (const BothValues& both : list)
      out.line("`" + one_line(both.text) + "`", both.where, {&both.yes, &both.no},
               {"never true", "never false"});
  };
  values("values of matchers seen", coverage.matchers);
  values("values of tests seen", coverage.predicates);
  return out.take();
}

json to_value(const Coverage& coverage) {
  json layers = json::array();
  for (const LayerCoverage& layer : coverage.layers)
    layers.push_back({{"layer", layer.layer},
                      {"cell", layer.cell},
                      {"where", where_json(layer.where)},
                      {"shown", shown_json(layer.shown)}});
  return {{"layers", std::move(layers)},
          {"matchers", values_json(coverage.matchers, "matcher")},
          {"predicates", values_json(coverage.predicates, "text")},
          {"summary",
           {{"layers", share_json(coverage.of_layers())},
            {"matchers", share_json(Coverage::of(coverage.matchers))},
            {"predicates", share_json(Coverage::of(coverage.predicates))}}}};
}

}  // namespace scx::analysis
