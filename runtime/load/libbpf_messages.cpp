#include "runtime/load/libbpf_messages.h"

#include <cstdarg>
#include <cstdio>
#include <string_view>
#include <vector>

#include <bpf/libbpf.h>

namespace scx::load {
namespace {

struct Collected {
  std::string last_warning;
  RefusedProgram refused;
};

Collected& collected() {
  static Collected instance;
  return instance;
}

void take(std::string_view text) {
  constexpr std::string_view kPrefix = "libbpf: ";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  constexpr std::string_view kBegin = ": -- BEGIN PROG LOAD LOG --\n";
  constexpr std::string_view kEnd = "-- END PROG LOAD LOG --";
  const size_t begin = text.find(kBegin);
  if (begin != std::string_view::npos) {
    // prog 'NAME': -- BEGIN …
    const size_t open = text.find('\'');
    const size_t close = text.find('\'', open + 1);
    if (open < begin && close < begin) collected().refused.name = text.substr(open + 1, close - open - 1);
    std::string_view log = text.substr(begin + kBegin.size());
    if (const size_t end = log.rfind(kEnd); end != std::string_view::npos) log = log.substr(0, end);
    collected().refused.log = log;
    return;
  }
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  // The sum of its troubles, which says less than the line before.
  if (text.starts_with("failed to load object") || text.find("failed to load BPF skeleton") != text.npos)
    return;
  if (!text.empty()) collected().last_warning = text;
}

int on_print(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  if (length > 0) {
    std::vector<char> text(static_cast<size_t>(length) + 1);
    std::vsnprintf(text.data(), text.size(), format, again);
    take({text.data(), static_cast<size_t>(length)});
  }
  va_end(again);
  return 0;
}

}  // namespace

void collect_libbpf_messages() { libbpf_set_print(on_print); }
void forget_libbpf_messages() { collected() = {}; }
std::string last_libbpf_warning() { return collected().last_warning; }
RefusedProgram refused_program() { return collected().refused; }

}  // namespace scx::load
