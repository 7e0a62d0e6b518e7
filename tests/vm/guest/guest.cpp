#include "tests/vm/guest/guest.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

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
std::vector<std::string> compiled_policies() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/objects")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".bpf.o")) names.push_back(name.substr(0, name.find('.')));
  }
  std::sort(names.begin(), names.end());
  return names;
}
bool is_deterministic() { return !environment("SCX_DETERMINISTIC").empty(); }
unsigned soak_seconds() {
  return static_cast<unsigned>(std::strtoul(environment("SCX_SOAK").c_str(), nullptr, 10));
}

}  // namespace scx::testing
