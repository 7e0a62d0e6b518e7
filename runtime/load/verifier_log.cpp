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
    if (const size_t bar = text.find('|'); bar < 8) text = trim(text.substr(bar + 1));
    return text;
  }
  return {};
}

// The trace: source comments between the instructions.
void find_places_in_trace(const std::vector<std::string_view>& lines, size_t end, VerifierReport& report) {
  for (size_t i = 0; i < end; ++i) {
    if (!lines[i].starts_with(';')) continue;
    std::optional<SourceLine> place = place_of(lines[i]);
    if (!place.has_value()) continue;
    if (is_policy(*place)) report.policy = place;
    report.source = std::move(place);
  }
}

// The report: where it failed (`At:`) if that is in a policy, else the last step of the causal path that is.
void find_places_in_report(const std::vector<std::string_view>& lines, size_t begin, VerifierReport& report) {
  bool at = false;
  bool settled = false;
  for (size_t i = begin; i < lines.size() && !settled; ++i) {
    if (is_header(lines[i])) at = lines[i].starts_with("At:");
    std::optional<SourceLine> place = place_of(lines[i]);
    if (!place.has_value()) continue;
    // The place follows the program's name; the source text is in the excerpt below it.
    place->text = excerpt_text(lines, i + 1);
    if (at) report.source = place;
    if (!is_policy(*place)) continue;
    if (place->text.empty() && report.policy.has_value() && report.policy->file == place->file &&
        report.policy->line == place->line)
      place->text = report.policy->text;
    report.policy = std::move(place);
    settled = at;
  }
}

// Whether a line is the verifier's book-keeping at the end of a log ("processed 12 insns …").
bool is_verifier_footer(std::string_view line) {
  for (std::string_view start :
       {"processed ", "verification time ", "stack depth ", "peak_states ", "insns processed",
        "-- END PROG LOAD LOG", "-- BEGIN PROG LOAD LOG", "mark_read "})
    if (line.starts_with(start)) return true;
  return false;
}

// The last line of [begin, end) that is the verifier talking: not its footer, not the indented text of the
// report.
std::string last_sentence(const std::vector<std::string_view>& lines, size_t begin, size_t end) {
  for (size_t i = end; i-- > begin;) {
    const std::string_view line = trim(lines[i]);
    if (line.empty() || is_verifier_footer(line) || is_header(line) || lines[i].front() == ' ') continue;
    return std::string(line);
  }
  return "";
}

}  // namespace

VerifierReport read_verifier_log(std::string_view program, std::string_view log) {
  VerifierReport report;
  report.program = program;
  const std::vector<std::string_view> lines = split_lines(log);
  const size_t report_at = report_begin(lines);
  find_places_in_trace(lines, report_at, report);
  find_places_in_report(lines, report_at, report);
  // Builds differ in whether the classic sentence stands behind the report or before it.
  report.sentence = last_sentence(lines, report_at, lines.size());
  if (report.sentence.empty()) report.sentence = last_sentence(lines, 0, report_at);
  if (report_at == lines.size()) return report;
  constexpr std::string_view kFailed = "Verification failed:";
  report.summary = trim(lines[report_at].substr(kFailed.size()));
  report.cause = part(lines, report_at, "Reason:");
  report.suggestion = part(lines, report_at, "Suggestion:");
  return report;
}

VerifierCost read_verifier_cost(std::string_view log) {
  VerifierCost cost;
  cost.instructions = number_after(log, "processed ");
  cost.total_states = number_after(log, "total_states ");
  cost.peak_states = number_after(log, "peak_states ");
  cost.microseconds = number_after(log, "verification time ");
  cost.stack_bytes = number_after(log, "stack depth ");
  // Newer kernels: "stack depth max 96", and a line for each function.
  if (cost.stack_bytes == 0) cost.stack_bytes = number_after(log, "stack depth max ");
  return cost;
}

}  // namespace scx::load
