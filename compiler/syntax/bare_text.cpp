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
  size_t i = begin;
  while (i < text.size() && text[i] > ' ' && text[i] < 0x7F &&
         kStops.find(text[i]) == std::string_view::npos && text.substr(i, 2) != "||") {
    const size_t bracket = kOpening.find(text[i]);
    if (bracket != std::string_view::npos) {
      const size_t close = text.find_first_of(" \t\r\n;\"", i);
      const size_t end = text.substr(0, close).find(kClosing[bracket], i);
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
  const size_t stop = std::min(file_text.find_first_not_of("0123456789-, ", begin), file_text.size());
  const size_t last = file_text.substr(0, stop).find_last_not_of("-, ");
  return last == std::string_view::npos || last < begin ? begin : last + 1;
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
