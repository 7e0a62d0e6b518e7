#include "compiler/sema/test_hosts.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "compiler/sema/tables.h"
#include "runtime/base/file.h"

namespace scx::sema {

using diag::Kind;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHelp =
    "an hwloc file in the policy's folder (`lstopo machine.xml` writes one): `host \"machine.xml\"`, or a "
    "description: `host \"2n4c2t\"` is two nodes of four cores of two threads";

bool is_outside(const fs::path& path) {
  return path.is_absolute() || path.lexically_normal().string().starts_with("..");
}

bool holds(const model::Ranges& ranges, int64_t value) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const abi::IntRange& range) { return range.low <= value && value <= range.high; });
}

// The CPUs among `cpus`, as the kernel writes them.
std::string cpu_ids(const topology::Topology& host) {
  std::vector<uint32_t> ids;
  for (const topology::Cpu& cpu : host.cpus) ids.push_back(cpu.id);
  return topology::cpu_list(ids);
}

}  // namespace

Result<topology::Topology> TestHosts::read(const std::string& source) const {
  // A test says the same on every machine.
  if (source == "live") return make_error("`live` is another machine each time");
  if (!source.ends_with(".xml")) return topology::from_source(source);
  if (is_outside(source)) return make_error("{} is not in the policy's folder", scx::quoted(source));
  return topology::from_source((fs::path(folder_) / source).string());
}

const topology::Topology* TestHosts::find(const std::string& source, Span span) {
  const auto [at, fresh] = known_.try_emplace(source);
  if (fresh) {
    Result<topology::Topology> host = read(source);
    if (host.ok())
      at->second = *std::move(host);
    else
      diagnostics_.report(Kind::kBadHost, span, "{}", host.error().message).help(std::string(kHelp));
  }
  return at->second ? &*at->second : nullptr;
}

void TestHosts::place(const topology::Topology& host, const std::optional<model::Ranges>& cpus, Span span,
                      model::TestTask& task) {
  std::set<int64_t> nodes, llcs;
  size_t count = 0;
  for (const topology::Cpu& cpu : host.cpus) {
    if (cpus && !holds(*cpus, cpu.id)) continue;
    ++count;
    llcs.insert(cpu.llc);
    nodes.insert(cpu.node < host.node_ids.size() ? host.node_ids[cpu.node] : cpu.node);
  }
  for (const abi::IntRange& range : cpus.value_or(model::Ranges{}))
    for (int64_t id = range.low; id <= range.high; ++id) {
      if (host.find(static_cast<uint32_t>(id)) != nullptr) continue;
      diagnostics_.report(Kind::kOutOfRange, span, "the test's host has no CPU {}", id)
          .help(fmt::format("its CPUs are {}", cpu_ids(host)));
      return;
    }
  task.affinity_node = nodes.size() == 1 ? *nodes.begin() : -1;
  task.affinity_llc = llcs.size() == 1 ? *llcs.begin() : -1;
  task.affinity_full = count == host.cpus.size();
  task.affinity_pinned = count == 1;
}

std::optional<model::Ranges> read_cpu_list(std::string_view text) {
  model::Ranges out;
  const char* at = text.data();
  const char* const end = at + text.size();
  do {
    uint32_t low = 0;
    auto read = std::from_chars(at, end, low);
    uint32_t high = low;
    if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '-')
      read = std::from_chars(read.ptr + 1, end, high);
    if (read.ec != std::errc{} || high < low || high >= kMaxCpus) return std::nullopt;
    out.push_back({low, high});
    at = read.ptr;
  } while (at != end && *at++ == ',');
  if (at != end || text.ends_with(',')) return std::nullopt;
  return model::normalise(std::move(out));
}

}  // namespace scx::sema
