// Text whose quotes are missing, as in `comm kworker/0:1`: where a string is due
// and how far it was meant to go, so that it is one error. Called by lex.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "compiler/syntax/token.h"

namespace scx::syntax {

// What has to stand behind `tokens`; of a cgroup's path it is known how it begins.
enum class TextDue : uint8_t { kNone, kText, kCgroupPath, kCpuList };
TextDue text_due(std::span<const Token> tokens, std::string_view file_text);

// Where the text that begins at `begin` ends; `begin` if none does.
size_t bare_text_end(std::string_view file_text, size_t begin);
// The same of a list of CPUs, which has commas.
size_t bare_list_end(std::string_view file_text, size_t begin);

}  // namespace scx::syntax
