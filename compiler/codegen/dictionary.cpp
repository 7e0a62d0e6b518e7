#include "compiler/codegen/dictionary.h"

#include <algorithm>
#include <utility>

namespace scx::codegen {

namespace {

constexpr std::string_view kMembers = "//% members\n";
constexpr std::string_view kEach = "//% each\n";

// The text is C in ASCII; the functions of <cctype> ask the locale, for every byte of it.
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return begins_word(c) || (c >= '0' && c <= '9'); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Comments become spaces; strings stay.
std::string without_comments(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    const char next = text[i] == '/' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == '*') {
      const size_t end = text.find("*/", i + 2);
      if (end == std::string_view::npos) break;
      i = end + 1;
      out.push_back(' ');
    } else if (next == '/') {
      const size_t end = text.find('\n', i);
      if (end == std::string_view::npos) break;
      i = end;
      out.push_back('\n');
    } else if (text[i] == '"') {
      const size_t begin = i++;
      while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
      out.append(text.substr(begin, i - begin + 1));
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

struct Token {
  std::string_view text;  // a word, a string with its quotes, or one character
  int depth = 0;          // of braces and parentheses around it
};

std::vector<Token> tokens(std::string_view code) {
  std::vector<Token> out;
  int depth = 0;
  for (size_t i = 0; i < code.size();) {
    const char c = code[i];
    if (is_space(c)) {
      i++;
      continue;
    }
    size_t end = i + 1;
    if (is_word(c)) {
      while (end < code.size() && is_word(code[end])) end++;
    } else if (c == '"') {
      while (end < code.size() && code[end] != '"') end += code[end] == '\\' ? 2 : 1;
      end++;
    }
    if (c == ')' || c == '}') depth--;
    out.push_back({code.substr(i, end - i), depth});
    if (c == '(' || c == '{') depth++;
    i = end;
  }
  return out;
}

bool is_name(std::string_view token) { return !token.empty() && begins_word(token[0]); }

Names macros(const std::vector<Token>& all) {
  Names names;
  for (size_t i = 0; i + 2 < all.size(); i++) {
    if (all[i].text == "#" && all[i + 1].text == "define") names.emplace(all[i + 2].text);
  }
  return names;
}

// The first name of each item between the braces of an enumeration.
void add_enumerators(const std::vector<Token>& all, Names& names) {
  if (all.empty() || all[0].text != "enum") return;
  for (size_t i = 1; i < all.size(); i++) {
    const std::string_view before = all[i - 1].text;
    if (all[i].depth == 1 && is_name(all[i].text) && (before == "{" || before == ",")) {
      names.emplace(all[i].text);
    }
  }
}

// The names that C code at file scope defines: macros, tags, enumerators,
// typedefs, functions, variables. One declaration, or lines of one kind.
Names definitions(std::string_view code) {
  Names names;
  const size_t start = code.find_first_not_of(" \t\n");
  if (start == std::string_view::npos || code.substr(start).starts_with("#pragma")) return names;
  const std::vector<Token> all = tokens(code);
  if (code.substr(start).starts_with("#define")) return macros(all);
  static const Names kNotNames = {"SEC", "typeof", "__attribute__", "long", "int", "void"};
  static const Names kAfterVariable = {";", "=", "[", "SEC", "__attribute__"};
  add_enumerators(all, names);
  for (size_t i = 0; i + 1 < all.size(); i++) {
    const std::string_view name = all[i].text;
    const std::string_view next = all[i + 1].text;
    if (!is_name(name) || kNotNames.contains(name)) continue;
    // `(*const name)(…)`: a helper.
    if (all[i].depth == 1 && next == ")" && all[i - 1].text == "const") names.emplace(name);
    if (all[i].depth > 0) continue;
    if (next == "(") {
      // A function, or `PROG(name, …)`; a body follows, or nothing.
      names.emplace(name == "PROG" ? all[i + 2].text : name);
      break;
    }
    const bool tag = i > 0 && (all[i - 1].text == "struct" || all[i - 1].text == "enum");
    if (tag ? next == "{" || next == ";" : kAfterVariable.contains(next)) names.emplace(name);
  }
  return names;
}

// The member that a line of a structure declares, if it declares one.
std::string member_of(std::string_view line) {
  const std::string code = without_comments(line);
  const std::vector<Token> all = tokens(code);
  for (size_t i = 0; i + 1 < all.size(); i++) {
    if (!is_name(all[i].text)) continue;
    const std::string_view next = all[i + 1].text;
    // `type name;`, `type name[n];` or `type (*name)(…);`
    if (all[i].depth == 0 && (next == ";" || next == "[")) return std::string(all[i].text);
    if (all[i].depth == 1 && next == ")" && i > 0 && all[i - 1].text == "*") return std::string(all[i].text);
  }
  return "";
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    lines.push_back(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  return lines;
}

// Shows every identifier outside comments and strings, in order. All emitted
// text passes here, so it reads without a copy.
template <typename Visit>
void visit_names(std::string_view text, Visit visit) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (is_word(c)) {
      const size_t begin = i;
      while (i < text.size() && is_word(text[i])) i++;
      if (begins_word(c)) visit(text.substr(begin, i - begin));
    } else if (c == '/' && next == '*') {
      i = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
    } else if (c == '/' && next == '/') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"') {
      i++;
      while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
      i++;
    } else {
      i++;
    }
  }
}

NameLookup names_in(std::string_view text) {
  NameLookup names;
  add_identifiers(text, names);
  return names;
}

// Text that is taken as a whole or not at all.
struct Part {
  std::string text;
  std::string member;  // the member that must be named for it; empty: always there
  NameLookup uses;
  bool shown = false;
};

// A declaration while it is decided what of it is needed. Each text is read
// once: what it uses does not depend on what else is needed.
struct Candidate {
  Declaration declaration;
  std::vector<Part> parts;  // one, or a line each where members count
  bool needed = false;

  explicit Candidate(Declaration from) : declaration(std::move(from)) {
    if (!declaration.members) {
      parts.push_back({declaration.text, "", names_in(declaration.code)});
      return;
    }
    for (const std::string_view line : lines_of(declaration.text)) {
      parts.push_back(
          {std::string(line) + '\n', line.starts_with("\t") ? member_of(line) : "", names_in(line)});
    }
  }
};

}  // namespace

Names identifiers(std::string_view text) {
  Names names;
  visit_names(text, [&](std::string_view name) { names.emplace(name); });
  return names;
}

void add_identifiers(std::string_view text, NameLookup& names) {
  visit_names(text, [&](std::string_view name) { names.emplace(name); });
}

std::vector<Declaration> declarations(std::string_view text) {
  std::vector<Declaration> out;
  std::string paragraph;
  const auto add = [&](std::string text, bool members, bool follows) {
    Declaration declaration;
    declaration.code = without_comments(text);
    declaration.defines = definitions(declaration.code);
    declaration.text = std::move(text);
    declaration.members = members;
    declaration.follows = follows;
    out.push_back(std::move(declaration));
  };
  const auto erase = [&](std::string_view marker) {
    const size_t at = paragraph.find(marker);
    if (at == std::string::npos) return false;
    paragraph.erase(at, marker.size());
    return true;
  };
  const auto flush = [&] {
    if (paragraph.empty()) return;
    const bool members = erase(kMembers);
    if (!erase(kEach)) {
      add(std::move(paragraph), members, false);
    } else {
      std::string one;
      bool follows = false;
      for (const std::string_view line : lines_of(paragraph)) {
        if (!one.empty() && !line.starts_with('\t')) {
          add(std::exchange(one, ""), false, std::exchange(follows, true));
        }
        one.append(line).push_back('\n');
      }
      add(std::move(one), false, follows);
    }
    paragraph.clear();
  };
  int depth = 0;
  for (const std::string_view line : lines_of(text)) {
    if (line.empty() && depth == 0) {
      flush();
      continue;
    }
    paragraph.append(line).push_back('\n');
    // Braces in comments and strings of our own files balance.
    for (const char c : line) depth += c == '{' ? 1 : c == '}' ? -1 : 0;
  }
  flush();
  return out;
}

std::string needed(std::string_view dictionary, std::string_view roots) {
  return needed(dictionary, names_in(roots));
}

std::string needed(std::string_view dictionary, NameLookup names) {
  std::vector<Candidate> candidates;
  for (Declaration& declaration : declarations(dictionary)) candidates.emplace_back(std::move(declaration));
  const auto any_named = [&](const Names& some) {
    return std::any_of(some.begin(), some.end(),
                       [&](const std::string& name) { return names.contains(name); });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (Candidate& candidate : candidates) {
      const Names& defines = candidate.declaration.defines;
      candidate.needed = candidate.needed || defines.empty() || any_named(defines);
      if (!candidate.needed) continue;
      for (Part& part : candidate.parts) {
        if (part.shown || (!part.member.empty() && !names.contains(part.member))) continue;
        part.shown = changed = true;
        names.insert(part.uses.begin(), part.uses.end());
      }
    }
  }
  std::string out;
  bool paragraph_begun = false;  // whether something of this paragraph is printed already
  for (const Candidate& candidate : candidates) {
    if (!candidate.declaration.follows) paragraph_begun = false;
    if (!candidate.needed) continue;
    if (!out.empty() && !paragraph_begun) out.push_back('\n');
    for (const Part& part : candidate.parts) {
      if (part.shown) out += part.text;
    }
    paragraph_begun = true;
  }
  return out;
}

}  // namespace scx::codegen
