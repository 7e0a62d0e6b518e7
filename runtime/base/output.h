// What programs print: results on standard output, words for people on standard error.
#pragma once

#include <cstdio>
#include <string_view>

namespace scx {

// Writes and flushes; false, with errno, if not all of it could be written.
bool print(std::FILE* stream, std::string_view text);

// What could not be written to standard output is remembered, and nothing more goes
// there.
void print_out(std::string_view text);
// A reader that has gone is no error.
void print_error(std::string_view text);
// The same, with what may hold the words of others made printable.
void say(std::string_view text);

// The exit code of a program that ends with `code`: `unwritten`, with a message, if standard output could not
// be written.
int exit_code_of(int code, int unwritten);

}  // namespace scx
