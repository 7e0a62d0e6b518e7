#include "tests/fuzz/mutate.h"

#include <cctype>
#include <functional>
#include <set>

#include <fmt/format.h>

namespace scx::fuzz {

namespace {

bool is_word_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '%';
}

size_t piece_end(std::string_view policy, size_t begin) {
  const char first = policy[begin];
  if (first == '#') return std::min(policy.find('\n', begin), policy.size());
  if (first == '"') {
    size_t end = begin + 1;
    while (end < policy.size() && policy[end] != '"' && policy[end] != '\n')
      end += policy[end] == '\\' ? 2 : 1;
    return std::min(end + 1, policy.size());
  }
  size_t end = begin + 1;
  if (is_word_byte(first)) {
    while (end < policy.size() && is_word_byte(policy[end])) ++end;
  }
  return end;
}

std::string replaced(const std::string& policy, const Piece& piece, std::string_view with) {
  std::string text = policy;
  return text.replace(piece.begin, piece.text.size(), with);
}

bool is_number(const std::string& text) {
  return std::isdigit(static_cast<unsigned char>(text.front())) != 0;
}

}  // namespace

std::vector<Piece> split(std::string_view policy) {
  std::vector<Piece> pieces;
  for (size_t at = 0; at < policy.size();) {
    if (std::isspace(static_cast<unsigned char>(policy[at])) != 0) {
      ++at;
      continue;
    }
    const size_t end = piece_end(policy, at);
    pieces.push_back({at, std::string(policy.substr(at, end - at))});
    at = end;
  }
  return pieces;
}

std::vector<Mutant> faulty_mutants(const std::string& policy) {
  static const std::set<std::string> keywords = {
      "policy",  "layer", "match", "test",   "expect", "task",  "comm",     "cgroup", "nice",   "confined",
      "grouped", "open",  "slice", "weight", "cpus",   "order", "watchdog", "kernel", "include"};
  std::vector<Mutant> mutants;
  std::string previous;
  for (const Piece& piece : split(policy)) {
    if (piece.is_comment()) continue;
    const auto add = [&](const char* what, const std::string& text) {
      mutants.push_back({fmt::format("{} at byte {}", what, piece.begin), text});
    };
    const bool declares = previous == "layer" || previous == "policy" || previous == "=";
    if (keywords.count(piece.text) != 0 && !declares)
      add("misspelt keyword", replaced(policy, piece, piece.text + "zq"));
    if (piece.text == ";") {
      add("unknown character", replaced(policy, piece, "; $"));
      add("doubled operator", replaced(policy, piece, " == == ;"));
    }
    if (piece.text == "{") add("second brace", replaced(policy, piece, "{ {"));
    if (piece.text == "}") {
      add("missing brace", replaced(policy, piece, ""));
      add("stray brace", replaced(policy, piece, "} }"));
      add("unknown property", replaced(policy, piece, "bogus-property 7; }"));
    }
    if (piece.text == "and" || piece.text == "or") {
      add("missing operand", replaced(policy, piece, piece.text + " " + piece.text));
      add("unknown attribute", replaced(policy, piece, "and bogus " + piece.text));
    }
    if (piece.text.front() == '"')
      add("open string", replaced(policy, piece, piece.text.substr(0, piece.text.size() - 1)));
    if (is_number(piece.text)) add("wrong unit", replaced(policy, piece, piece.text + "parsec"));
    if (previous == "layer" && piece.text != "layer") {
      add("duplicate layer", fmt::format("layer {} open {{ match nice 1; }}\n{}", piece.text, policy));
    }
    previous = piece.text;
  }
  return mutants;
}

Mutant blind_mutant(const std::string& policy, const std::vector<std::string>& others, std::mt19937& random) {
  const auto below = [&](size_t bound) { return bound == 0 ? 0 : static_cast<size_t>(random()) % bound; };
  static const std::vector<std::string> kInserts = {"{",
                                                    "}",
                                                    ";",
                                                    "\"",
                                                    "..",
                                                    "and",
                                                    "not",
                                                    "(",
                                                    ")",
                                                    "match",
                                                    "layer",
                                                    "*",
                                                    "\\",
                                                    "\xff",
                                                    std::string(1, '\0'),
                                                    "\xc3\xa9",
                                                    "-99999999999999999999",
                                                    "0x1",
                                                    "1e9",
                                                    "let",
                                                    "include",
                                                    "cells",
                                                    "!=",
                                                    "%",
                                                    "9999999999999999ms"};
  std::string text = policy;
  std::string what;
  const auto piece_of = [&](const std::string& from) {
    const auto pieces = split(from);
    return pieces.empty() ? Piece{0, " "} : pieces[below(pieces.size())];
  };
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"flip",
       [&] {
         if (!text.empty()) text[below(text.size())] ^= static_cast<char>(1U << below(8));
       }},
      {"delete byte",
       [&] {
         if (!text.empty()) text.erase(below(text.size()), 1);
       }},
      {"insert", [&] { text.insert(below(text.size() + 1), kInserts[below(kInserts.size())]); }},
      {"drop piece",
       [&] {
         const Piece p = piece_of(text);
         text = replaced(text, p, " ");
       }},
      {"double piece",
       [&] {
         const Piece p = piece_of(text);
         text = replaced(text, p, p.text + " " + p.text);
       }},
      {"swap pieces",
       [&] {
         const Piece a = piece_of(text);
         const Piece b = piece_of(text);
         if (a.end() > b.begin) return;
         text = replaced(text, b, a.text);
         text = replaced(text, a, b.text);
       }},
      {"foreign piece",
       [&] {
         const Piece p = piece_of(text);
         text = replaced(text, p, piece_of(others[below(others.size())]).text);
       }},
      {"cut", [&] { text.resize(below(text.size() + 1)); }},
      {"foreign tail",
       [&] {
         const std::string& other = others[below(others.size())];
         text = text.substr(0, below(text.size() + 1)) + other.substr(below(other.size() + 1));
       }},
      {"long run",
       [&] { text.insert(below(text.size() + 1), std::string(1 + below(3000), "({*-\"a9"[below(7)])); }},
  };
  for (size_t count = 1 + below(4); count > 0; --count) {
    const auto& [name, change] = changes[below(changes.size())];
    what += what.empty() ? name : fmt::format(", {}", name);
    change();
  }
  return {what, text};
}

}  // namespace scx::fuzz
