#include <nlohmann/json.hpp>

#include "compiler/diagnostics/render.h"

namespace scx::diag {
namespace {

using Json = nlohmann::json;

Json place(Span span, const Sources& sources) {
  const LineColumn begin = sources.position(span.file, span.begin);
  const LineColumn end = sources.position(span.file, span.end);
  return {{"file", sources.display_path(span.file)},
          {"line", begin.line},
          {"column", begin.column},
          {"end_line", end.line},
          {"end_column", end.column}};
}

Json to_json(const Diagnostic& diagnostic, const Sources& sources) {
  const KindInfo& kind = info(diagnostic.kind);
  Json out = place(diagnostic.span, sources);
  out["code"] = kind.code;
  out["severity"] = spelling(diagnostic.severity);
  out["rule"] = rule_name(kind);
  out["category"] = kind.category;
  out["title"] = kind.title;
  out["message"] = diagnostic.message;
  out["label"] = diagnostic.label;
  out["labels"] = Json::array();
  for (const Label& label : diagnostic.labels) {
    Json entry = place(label.span, sources);
    entry["text"] = label.text;
    out["labels"].push_back(std::move(entry));
  }
  out["notes"] = diagnostic.notes;
  out["help"] = diagnostic.help;
  out["fixes"] = Json::array();
  for (const Fix& fix : diagnostic.fixes) {
    Json entry = place(fix.span, sources);
    entry["replacement"] = fix.replacement;
    entry["safe"] = fix.safe;
    out["fixes"].push_back(std::move(entry));
  }
  return out;
}

}  // namespace

std::string render_json(const Diagnostics& diagnostics, const Sources& sources) {
  std::string out;
  for (const Diagnostic* diagnostic : diagnostics.sorted())
    out += to_json(*diagnostic, sources).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return out;
}

}  // namespace scx::diag
