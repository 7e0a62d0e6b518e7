#include "compiler/codegen/dictionary.h"

#include <cctype>
#include <map>
#include <utility>

namespace scx::codegen {

namespace {

constexpr std::string_view kMembers = "//% members\n";
constexpr std::string_view kEach = "//% each\n";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Comments become spaces; strings stay.
std::string without_comments(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text.substr(i, 2) == "/*") {
      const size_t end = text.find("*/", i + 2);
      if (end == std::string_view::npos) break;
      i = end + 1;
      out.push_back(' ');
    } else if (text.substr(i, 2) == "//") {
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
  std::string text;  // a word, a string with its quotes, or one character
  int depth = 0;     // of braces and parentheses around it
};

std::vector<Token> tokens(std::string_view code) {
  std::vector<Token> out;
  int depth = 0;
  for (size_t i = 0; i < code.size();) {
    const char c = code[i];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
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
    out.push_back({std::string(code.substr(i, end - i)), depth});
    if (c == '(' || c == '{') depth++;
    i = end;
  }
  return out;
}

bool is_name(const std::string& token) {
  return !token.empty() && (std::isalpha(static_cast<unsigned char>(token[0])) != 0 || token[0] == '_');
}

Names macros(const std::vector<Token>& all) {
  Names names;
  for (size_t i = 0; i + 2 < all.size(); i++) {
    if (all[i].text == "#" && all[i + 1].text == "define") names.insert(all[i + 2].text);
  }
  return names;
}

// The first name of each item between the braces of an enumeration.
void add_enumerators(const std::vector<Token>& all, Names& names) {
  if (all.empty() || all[0].text != "enum") return;
  for (size_t i = 1; i < all.size(); i++) {
    const std::string& before = all[i - 1].text;
    if (all[i].depth == 1 && is_name(all[i].text) && (before == "{" || before == ",")) {
      names.insert(all[i].text);
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
  static const Names kNotNames = {"SEC", "typeof", "__attribute__"};
  static const Names kAfterVariable = {";", "=", "[", "SEC", "__attribute__"};
  add_enumerators(all, names);
  for (size_t i = 0; i + 1 < all.size(); i++) {
    const std::string& name = all[i].text;
    const std::string& next = all[i + 1].text;
    if (!is_name(name) || kNotNames.contains(name)) continue;
    // `(*const name)(…)`: a helper.
    if (all[i].depth == 1 && next == ")" && all[i - 1].text == "const") names.insert(name);
    if (all[i].depth > 0) continue;
    if (next == "(") {
      // A function, or `PROG(name, …)`; a body follows, or nothing.
      names.insert(name == "PROG" ? all[i + 2].text : name);
      break;
    }
    const bool tag = i > 0 && (all[i - 1].text == "struct" || all[i - 1].text == "enum");
    if (tag ? next == "{" || next == ";" : kAfterVariable.contains(next)) names.insert(name);
  }
  return names;
}

// The member that a line of a structure declares, if it declares one.
std::string member_of(std::string_view line) {
  const std::vector<Token> all = tokens(without_comments(line));
  for (size_t i = 0; i + 1 < all.size(); i++) {
    if (!is_name(all[i].text)) continue;
    const std::string& next = all[i + 1].text;
    // `type name;`, `type name[n];` or `type (*name)(…);`
    if (all[i].depth == 0 && (next == ";" || next == "[")) return all[i].text;
    if (all[i].depth == 1 && next == ")" && i > 0 && all[i - 1].text == "*") return all[i].text;
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

// A declaration while it is decided what of it is needed.
struct Candidate {
  Declaration declaration;
  bool needed = false;
};

class Needs {
 public:
  explicit Needs(std::string_view roots) : names_(identifiers(roots)) {}

  // Adds names; true if any was new.
  bool add(const Names& names) {
    const size_t before = names_.size();
    names_.insert(names.begin(), names.end());
    return names_.size() != before;
  }
  [[nodiscard]] bool any_of(const Names& names) const {
    for (const std::string& name : names) {
      if (names_.contains(name)) return true;
    }
    return false;
  }
  // The text of a declaration, members that nobody names left out.
  [[nodiscard]] std::string shown(const Declaration& declaration) const {
    if (!declaration.members) return declaration.text;
    std::string out;
    for (const std::string_view line : lines_of(declaration.text)) {
      const std::string member = line.starts_with("\t") ? member_of(line) : "";
      if (member.empty() || names_.contains(member)) out.append(line).push_back('\n');
    }
    return out;
  }

 private:
  Names names_;
};

}  // namespace

Names identifiers(std::string_view text) {
  Names names;
  for (const Token& token : tokens(without_comments(text))) {
    if (is_name(token.text)) names.insert(token.text);
  }
  return names;
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
  std::vector<Candidate> candidates;
  for (Declaration& declaration : declarations(dictionary)) candidates.push_back({std::move(declaration)});
  Needs needs(roots);
  for (bool changed = true; changed;) {
    changed = false;
    for (Candidate& candidate : candidates) {
      candidate.needed = candidate.needed || candidate.declaration.defines.empty() ||
                         needs.any_of(candidate.declaration.defines);
      if (candidate.needed) changed = needs.add(identifiers(needs.shown(candidate.declaration))) || changed;
    }
  }
  std::string out;
  bool paragraph_begun = false;  // whether something of this paragraph is printed already
  for (const Candidate& candidate : candidates) {
    if (!candidate.declaration.follows) paragraph_begun = false;
    if (!candidate.needed) continue;
    if (!out.empty() && !paragraph_begun) out.push_back('\n');
    out += needs.shown(candidate.declaration);
    paragraph_begun = true;
  }
  return out;
}

}  // namespace scx::codegen
