// What libbpf prints, kept instead of printed: people see our messages, and the
// verifier's log is read from here. One collector for the process, as libbpf
// has one print function.
#pragma once

#include <string>

namespace scx::load {

// From now on libbpf's output is collected.
void collect_libbpf_messages();
void forget_libbpf_messages();

// The last warning, one line, without the prefix "libbpf: "; empty if there was none.
std::string last_libbpf_warning();

struct RefusedProgram {
  std::string name;
  std::string log;
};
// The program whose verifier log libbpf printed last; an empty name if none.
RefusedProgram refused_program();

}  // namespace scx::load
