#include "tests/vm/guest/guest.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace scx::testing {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

const vm::VmTopology& guest_topology() {
  static const vm::VmTopology topology = [] {
    auto parsed = vm::parse_topology(environment("SCX_TOPOLOGY"));
    return parsed ? *parsed : vm::VmTopology{};
  }();
  return topology;
}

std::string guest_series() { return environment("SCX_SERIES"); }
std::string object_path(const std::string& name) { return "/objects/" + name + ".bpf.o"; }
unsigned soak_seconds() {
  return static_cast<unsigned>(std::strtoul(environment("SCX_SOAK").c_str(), nullptr, 10));
}

}  // namespace scx::testing
