// The formats that tools read of several policies at once: SARIF, annotations of
// GitHub, JUnit's XML.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "compiler/diagnostics/display_text.h"
#include "compiler/diagnostics/explain.h"
#include "compiler/diagnostics/render.h"

namespace scx::diag {
namespace {

using Json = nlohmann::json;

// SARIF counts columns in characters; ours are bytes.
uint32_t column_of(const Sources& sources, FileId file, size_t offset) {
  const LineColumn place = sources.position(file, offset);
  const std::string_view before = sources.text(file).substr(offset - (place.column - 1), place.column - 1);
  uint32_t column = 1;
  for (const char c : before)
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++column;
  return column;
}

Json region(const Sources& sources, Span span) {
  return {{"startLine", sources.position(span.file, span.begin).line},
          {"startColumn", column_of(sources, span.file, span.begin)},
          {"endLine", sources.position(span.file, span.end).line},
          {"endColumn", column_of(sources, span.file, span.end)}};
}

// A path as a URI (RFC 3986), relative unless the path is absolute.
std::string uri_of(std::string_view path) {
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Json location(const Sources& sources, Span span) {
  return {{"physicalLocation",
           {{"artifactLocation", {{"uri", uri_of(sources.display_path(span.file))}}},
            {"region", region(sources, span)}}}};
}

// Braces stay single: SARIF (3.11.5) has them doubled, and no tool that shows such files undoes it.
std::string whole_message(const Diagnostic& diagnostic) {
  std::string out = diagnostic.message;
  if (!diagnostic.label.empty()) out += ": " + diagnostic.label;
  for (const std::string& note : diagnostic.notes) out += "\n" + note;
  if (!diagnostic.help.empty()) out += "\n" + diagnostic.help;
  return out;
}

Json sarif_rule(const KindInfo& kind) {
  return {{"id", kind.code},
          {"name", kind.name},
          {"shortDescription", {{"text", kind.title}}},
          {"help", {{"text", std::string(explanation(kind))}, {"markdown", std::string(explanation(kind))}}},
          {"defaultConfiguration", {{"level", spelling(kind.severity)}}},
          {"properties", {{"category", kind.category}, {"tags", Json::array({kind.category})}}}};
}

Json sarif_result(const Diagnostic& diagnostic, const Sources& sources, size_t rule) {
  Json out = {{"ruleId", info(diagnostic.kind).code},
              {"ruleIndex", rule},
              {"level", spelling(diagnostic.severity)},
              {"message", {{"text", whole_message(diagnostic)}}},
              {"locations", Json::array({location(sources, diagnostic.span)})}};
  for (const Label& label : diagnostic.labels) {
    Json related = location(sources, label.span);
    related["message"] = {{"text", label.text}};
    out["relatedLocations"].push_back(std::move(related));
  }
  if (!diagnostic.allowed.empty())
    out["suppressions"] = Json::array({{{"kind", "inSource"}, {"justification", diagnostic.allowed}}});
  // Each of ours is one by itself.
  for (const Fix& fix : diagnostic.fixes) {
    Json replacement = {{"deletedRegion", region(sources, fix.span)},
                        {"insertedContent", {{"text", fix.replacement}}}};
    Json change = {{"artifactLocation", {{"uri", uri_of(sources.display_path(fix.span.file))}}},
                   {"replacements", Json::array({std::move(replacement)})}};
    const std::string what =
        fix.replacement.empty() ? "take it out" : fmt::format("write `{}`", fix.replacement);
    out["fixes"].push_back(
        {{"description", {{"text", what}}}, {"artifactChanges", Json::array({std::move(change)})}});
  }
  return out;
}

// Text of a policy without what a reader could stumble over; lines stay lines.
std::string safe(std::string_view text) {
  std::string out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    out += (begin == 0 ? "" : "\n") + display(text.substr(begin, end - begin)).text;
    begin = end + 1;
  }
  return out;
}

// What a workflow command of GitHub takes; `property` values lose two more characters.
std::string github_text(std::string_view text, bool property) {
  std::string out;
  for (const char c : safe(text)) {
    const bool special = c == '%' || c == '\n' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : safe(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string render_sarif(std::span<const Checked> checked, std::string_view version) {
  Json rules = Json::array(), results = Json::array();
  std::vector<Kind> known;
  const auto add = [&](const Diagnostic& diagnostic, const Sources& sources) {
    size_t rule = 0;
    while (rule < known.size() && known[rule] != diagnostic.kind) ++rule;
    if (rule == known.size()) {
      known.push_back(diagnostic.kind);
      rules.push_back(sarif_rule(info(diagnostic.kind)));
    }
    results.push_back(sarif_result(diagnostic, sources, rule));
  };
  for (const Checked& one : checked) {
    for (const Diagnostic* diagnostic : one.diagnostics->sorted()) add(*diagnostic, *one.sources);
    for (const Diagnostic* diagnostic : one.allowed->sorted()) add(*diagnostic, *one.sources);
  }
  const Json driver = {{"name", "scxc"}, {"version", version}, {"rules", std::move(rules)}};
  Json trouble = Json::array();
  for (const Checked& one : checked)
    if (!one.trouble.empty()) trouble.push_back({{"level", "error"}, {"message", {{"text", one.trouble}}}});
  const Json invocation = {{"executionSuccessful", trouble.empty()}, {"toolExecutionNotifications", trouble}};
  const Json run = {{"tool", {{"driver", driver}}},
                    {"columnKind", "unicodeCodePoints"},
                    {"invocations", Json::array({invocation})},
                    {"results", std::move(results)}};
  const Json document = {
      {"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs", Json::array({run})}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string render_github(std::span<const Checked> checked) {
  std::string out;
  for (const Checked& one : checked) {
    if (!one.trouble.empty())
      out +=
          fmt::format("::error file={}::{}\n", github_text(one.file, true), github_text(one.trouble, false));
    for (const Diagnostic* diagnostic : one.diagnostics->sorted()) {
      const KindInfo& kind = info(diagnostic->kind);
      const Span span = diagnostic->span;
      const std::string_view command =
          diagnostic->severity == Severity::kNote ? "notice" : spelling(diagnostic->severity);
      out += fmt::format(
          "::{} file={},line={},endLine={},col={},endColumn={},title={}::{}\n", command,
          github_text(one.sources->display_path(span.file), true),
          one.sources->position(span.file, span.begin).line, one.sources->position(span.file, span.end).line,
          column_of(*one.sources, span.file, span.begin), column_of(*one.sources, span.file, span.end),
          github_text(fmt::format("{} {}", kind.code, kind.title), true),
          github_text(whole_message(*diagnostic), false));
    }
  }
  return out;
}

std::string render_junit(std::span<const Checked> checked) {
  std::string suites;
  size_t tests = 0, failures = 0, errors = 0;
  for (const Checked& one : checked) {
    std::string cases;
    size_t failed = 0, said = 0;
    for (const Diagnostic* diagnostic : one.diagnostics->sorted()) {
      const KindInfo& kind = info(diagnostic->kind);
      const LineColumn place = one.sources->position(diagnostic->span.file, diagnostic->span.begin);
      const std::string where =
          fmt::format("{}:{}:{}", one.sources->display_path(diagnostic->span.file), place.line, place.column);
      const bool fails = diagnostic->severity <= one.fail_on;
      failed += fails ? 1 : 0;
      ++said;
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{} {}\">\n", kind.code, xml_text(where),
                           xml_text(kind.title));
      const std::string text = xml_text(whole_message(*diagnostic));
      cases += fails ? fmt::format("      <failure message=\"{}\" type=\"{}\">{}</failure>\n",
                                   xml_text(diagnostic->message), spelling(diagnostic->severity), text)
                     : fmt::format("      <system-out>{}</system-out>\n", text);
      cases += "    </testcase>\n";
    }
    if (!one.trouble.empty()) {
      cases += fmt::format(
          "    <testcase classname=\"scxc\" name=\"{}\">\n      <error message=\"{}\"/>\n    </testcase>\n",
          xml_text(one.file), xml_text(one.trouble));
      ++said;
      ++errors;
    }
    if (said == 0) {
      cases = "    <testcase classname=\"scxc\" name=\"no findings\"/>\n";
      said = 1;
    }
    suites += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}  </testsuite>\n",
        xml_text(one.file), said, failed, one.trouble.empty() ? 0 : 1, cases);
    tests += said;
    failures += failed;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scxc lint\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\">\n{}</testsuites>\n",
      tests, failures, errors, suites);
}

}  // namespace scx::diag
