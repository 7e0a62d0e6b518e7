// C text as declarations with the names that they define and use. Headers of
// templates are dictionaries: of kernel.h, guards.h and their like the emitted
// text has only what the rest refers to. The call audit reads the same way.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace scx::codegen {

using Names = std::set<std::string, std::less<>>;

// The identifiers of C text, outside comments and strings.
Names identifiers(std::string_view text);

// The same in a set that is looked up often and never walked, added to those that are there.
using NameLookup = std::unordered_set<std::string>;
void add_identifiers(std::string_view text, NameLookup& names);

// A declaration with the comment above it.
struct Declaration {
  std::string text;
  std::string code;  // without comments
  Names defines;
  bool members = false;  // marked `//% members`: only members whose names are used are emitted
  bool follows = false;  // of one paragraph, marked `//% each`, with the one before: no blank line between
};

// Splits at blank lines outside braces, so a declaration and its comment are
// one paragraph. A paragraph marked `//% each` is a declaration a line, lines
// that continue one begin with a tab.
std::vector<Declaration> declarations(std::string_view text);

// The declarations of `dictionary` that code with the names `roots` needs,
// directly or through others, in their order. Paragraphs that define nothing
// (comments, pragmas) always stay.
std::string needed(std::string_view dictionary, NameLookup roots);
std::string needed(std::string_view dictionary, std::string_view roots);

}  // namespace scx::codegen
