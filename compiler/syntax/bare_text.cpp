#include "compiler/syntax/bare_text.h"

#include <algorithm>
#include <cctype>

namespace scx::syntax {
namespace {

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Where the run of characters without a space ends. Brackets belong to it if they are closed in it.
size_t run_end(std::string_view text, size_t begin) {
  constexpr std::string_view kStops = "\";,#&=<>!)]}";
  constexpr std::string_view kOpening = "([{";
  constexpr std::string_view kClosing = ")]}";
  size_t i = begin, space = begin;
  while (i < text.size() && text[i] > ' ' && text[i] < 0x7F &&
         kStops.find(text[i]) == std::string_view::npos && text.substr(i, 2) != "||") {
    const size_t bracket = kOpening.find(text[i]);
    if (bracket != std::string_view::npos) {
      // Once for all brackets of the run, however many there are.
      if (space <= i) space = std::min(text.find_first_of(" \t\r\n;\"", i), text.size());
      const size_t end = text.substr(0, space).find(kClosing[bracket], i);
      if (end == std::string_view::npos) break;
      i = end;
    }
    ++i;
  }
  return i;
}

}  // namespace

TextDue text_due(std::span<const Token> tokens, std::string_view file_text) {
  // The word that stands so many places before what follows.
  const auto word = [&](size_t back) -> std::string_view {
    if (tokens.size() < back) return "";
    const Token& token = tokens[tokens.size() - back];
    return file_text.substr(token.span.begin, token.span.end - token.span.begin);
  };
  const std::string_view last = word(1);
  const bool of_cgroup = word(2) == "cgroup";
  if (last == "cgroup" && word(2) == "on") return TextDue::kNone;  // the event `on cgroup exit`
  if (last == "cgroup" || last == "under" || last == "except") return TextDue::kCgroupPath;
  if (last == "==" || last == "!=" || last == "prefix")
    return of_cgroup ? TextDue::kCgroupPath : word(2) == "comm" ? TextDue::kText : TextDue::kNone;
  if (last == "list" || last == "affinity") return TextDue::kCpuList;
  for (const std::string_view other : {"comm", "suffix", "contains", "matches", "include", "host"})
    if (last == other) return TextDue::kText;
  return TextDue::kNone;
}

size_t bare_list_end(std::string_view file_text, size_t begin) {
  size_t end = begin;  // behind the last number
  for (size_t i = begin; i < file_text.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(file_text[i])) != 0) {
      end = i + 1;
    } else if (file_text[i] == ' ') {
      // Blanks belong to the list beside a comma only.
      const size_t next = file_text.find_first_not_of(' ', i);
      if (next == std::string_view::npos || i == begin) break;
      if (file_text[next] != ',' && file_text[i - 1] != ',') break;
      i = next - 1;
    } else if (file_text[i] != '-' && file_text[i] != ',') {
      break;
    }
  }
  return end;
}

size_t bare_text_end(std::string_view file_text, size_t begin) {
  size_t end = run_end(file_text, begin);
  // `comm nginx: worker`
  while (end < file_text.size() && file_text[end] == ' ' && file_text[end - 1] == ':' &&
         run_end(file_text, end + 1) > end + 1)
    end = run_end(file_text, end + 1);
  const std::string_view text = file_text.substr(begin, end - begin);
  return std::any_of(text.begin(), text.end(), is_alphanumeric) ? end : begin;
}

}  // namespace scx::syntax
