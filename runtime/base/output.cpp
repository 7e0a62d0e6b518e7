#include "runtime/base/output.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/base/file.h"

namespace scx {
namespace {

// Why standard output could not be written; 0 if it could.
int output_error = 0;

}  // namespace

bool print(std::FILE* stream, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
}

void print_out(std::string_view text) {
  if (output_error == 0 && !print(stdout, text)) output_error = errno;
}

void print_error(std::string_view text) { (void)print(stderr, text); }

void say(std::string_view text) { print_error(printable(text)); }

int exit_code_of(int code, int unwritten) {
  if (output_error == 0) return code;
  print_error(fmt::format("error: cannot write standard output: {}\n", std::strerror(output_error)));
  return unwritten;
}

}  // namespace scx
