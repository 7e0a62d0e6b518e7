#include "runtime/load/verifier_log.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

namespace scx::load {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split_lines(std::string_view log) {
  std::vector<std::string_view> lines;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    lines.push_back(log.substr(0, end));
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return lines;
}

uint64_t number_after(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return 0;
  uint64_t value = 0;
  const std::string_view rest = text.substr(at + mark.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

// "… @ FILE:LINE[:COLUMN]" at the end of a line.
std::optional<SourceLine> place_of(std::string_view line) {
  const size_t at = line.rfind(" @ ");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view place = trim(line.substr(at + 3));
  place = place.substr(0, place.find_first_of(" \t,)"));
  std::vector<uint32_t> numbers;
  while (numbers.size() < 2) {
    const size_t colon = place.rfind(':');
    if (colon == std::string_view::npos || colon == 0) break;
    const std::string_view digits = place.substr(colon + 1);
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) break;
    numbers.insert(numbers.begin(), value);
    place = place.substr(0, colon);
  }
  if (numbers.empty() || place.empty()) return std::nullopt;
  SourceLine result;
  result.file = place;
  result.line = numbers.front();
  std::string_view text = trim(line.substr(0, at));
  if (text.starts_with(';')) text = trim(text.substr(1));
  result.text = text;
  return result;
}

bool is_policy(const SourceLine& place) { return std::string_view(place.file).ends_with(".scx"); }

// Instructions ("12: (85) call …"), register states ("R1=…", "13: R0_w=…"), source comments and path notes.
bool is_trace(std::string_view line) {
  if (line.empty() || line.front() == ';') return true;
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos && colon > 0 &&
      std::all_of(line.begin(), line.begin() + static_cast<long>(colon),
                  [](unsigned char c) { return std::isdigit(c) != 0; }))
    return true;
  return line.starts_with("from ") || line.starts_with("mark_precise") || line.starts_with("func#") ||
         line.starts_with("caller") || line.starts_with("callee") || line.starts_with("frame");
}

// Where the report of 7.3 begins, or lines.size().
size_t report_begin(const std::vector<std::string_view>& lines) {
  for (size_t i = lines.size(); i-- > 0;)
    if (lines[i].starts_with("Verification failed:")) return i;
  return lines.size();
}

bool is_header(std::string_view line) {
  for (std::string_view header : {"Verification failed:", "Reason:", "At:", "Causal path:", "Suggestion:"})
    if (line.starts_with(header)) return true;
  return false;
}

// Text of one part of the report: behind its header and in the indented lines below.
std::string part(const std::vector<std::string_view>& lines, size_t begin, std::string_view header) {
  std::string text;
  bool inside = false;
  for (size_t i = begin; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (line.starts_with(header)) {
      inside = true;
      line = trim(line.substr(header.size()));
    } else if (inside && (is_header(line) || trim(line).empty())) {
      if (!text.empty()) break;
      if (is_header(line)) break;
    }
    if (!inside || trim(line).empty()) continue;
    if (!text.empty()) text += ' ';
    text += trim(line);
  }
  return text;
}

// The source line in an excerpt: ">>> 3 | layer web …" or ">>> layer web …".
std::string_view excerpt_text(const std::vector<std::string_view>& lines, size_t from) {
  for (size_t i = from; i < lines.size() && i < from + 8; ++i) {
    const size_t mark = lines[i].find(">>>");
    if (mark == std::string_view::npos) continue;
    std::string_view text = trim(lines[i].substr(mark + 3));
    if (const size_t bar = text.find('|'); bar != std::string_view::npos && bar < 8)
      text = trim(text.substr(bar + 1));
    return text;
  }
  return {};
}

void find_places(const std::vector<std::string_view>& lines, VerifierReport& report) {
  const size_t report_at = report_begin(lines);
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool in_report = i >= report_at;
    if (!in_report && !lines[i].starts_with(';')) continue;
    std::optional<SourceLine> place = place_of(lines[i]);
    if (!place.has_value()) continue;
    // In the report the place follows the program's name; the source text is in the excerpt below it.
    if (in_report) place->text = excerpt_text(lines, i + 1);
    if (is_policy(*place)) {
      if (place->text.empty() && report.policy.has_value() && report.policy->file == place->file &&
          report.policy->line == place->line)
        place->text = report.policy->text;
      report.policy = place;
    }
    if (!in_report || !report.source.has_value()) report.source = std::move(place);
  }
}

}  // namespace

bool is_verifier_footer(std::string_view line) {
  for (std::string_view start :
       {"processed ", "verification time ", "stack depth ", "peak_states ", "insns processed",
        "-- END PROG LOAD LOG", "-- BEGIN PROG LOAD LOG", "mark_read "})
    if (line.starts_with(start)) return true;
  return false;
}

VerifierReport read_verifier_log(std::string_view program, std::string_view log) {
  VerifierReport report;
  report.program = program;
  const std::vector<std::string_view> lines = split_lines(log);
  find_places(lines, report);
  const size_t report_at = report_begin(lines);
  if (report_at < lines.size()) {
    constexpr std::string_view kFailed = "Verification failed:";
    report.summary = trim(lines[report_at].substr(kFailed.size()));
    report.suggestion = part(lines, report_at, "Suggestion:");
  }
  for (size_t i = lines.size(); i-- > 0 && report.sentence.empty();) {
    const std::string_view line = trim(lines[i]);
    if (line.empty() || is_verifier_footer(line)) continue;
    if (i >= report_at && (is_header(line) || lines[i].front() == ' ')) {
      // The report ends the log without a classic last line: its reason says it.
      report.sentence = part(lines, report_at, "Reason:");
      if (report.sentence.empty()) report.sentence = report.summary;
      break;
    }
    if (is_trace(line)) {
      // The log ends within the trace, as it does when the kernel ran out of room or patience.
      report.sentence = line;
      break;
    }
    report.sentence = line;
  }
  return report;
}

VerifierCost read_verifier_cost(std::string_view log) {
  return {number_after(log, "processed "), number_after(log, "verification time "),
          number_after(log, "stack depth ")};
}

}  // namespace scx::load
