#include "runtime/vm/topology.h"

#include <cctype>
#include <charconv>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::vm {
namespace {

// QEMU's own limit for the pc machine is 255; more than 64 needs minutes under emulation.
constexpr unsigned kMaxCpus = 128;
// The kernel's LOCAL_DISTANCE and the least that counts as remote; 254 is the most that ACPI's table carries.
constexpr unsigned kLocalDistance = 10;
constexpr unsigned kRemoteDistance = 21;
constexpr unsigned kMaxDistance = 254;

Error bad(std::string_view text, std::string_view why) {
  return refusal(
      "bad-topology", fmt::format("topology {}: {}", scx::quoted(text), why),
      "write it as `2s2c2t`: sockets, cores, threads; also dies `d`, nodes `n`, distances `:21,31,21`");
}

// One `:21,31,21` for the pairs above the diagonal; the matrix is symmetric.
Result<std::vector<unsigned>> parse_distances(std::string_view whole, std::string_view list, unsigned nodes) {
  std::vector<unsigned> matrix(static_cast<size_t>(nodes) * nodes, kLocalDistance);
  const char* at = list.data();
  const char* const end = list.data() + list.size();
  for (unsigned row = 0; row < nodes; ++row) {
    for (unsigned column = row + 1; column < nodes; ++column) {
      unsigned distance = 0;
      const auto [next, code] = std::from_chars(at, end, distance);
      if (code != std::errc() || distance <= kLocalDistance || distance > kMaxDistance) {
        return bad(whole, fmt::format("needs {} distances between 11 and 254", nodes * (nodes - 1) / 2));
      }
      at = next;
      if (at != end && *at == ',') ++at;
      matrix[row * nodes + column] = matrix[column * nodes + row] = distance;
    }
  }
  if (at != end) return bad(whole, "has more distances than pairs of nodes");
  return matrix;
}

}  // namespace

Result<VmTopology> parse_topology(std::string_view text) {
  VmTopology topology{.sockets = 1, .dies = 1, .cores = 1, .threads = 1, .nodes = 0, .distances = {}};
  const size_t colon = text.find(':');
  const std::string_view shape = text.substr(0, colon);
  std::string seen;
  const char* at = shape.data();
  const char* const end = shape.data() + shape.size();
  if (at == end) return bad(text, "is empty");
  while (at != end) {
    unsigned count = 0;
    const auto [next, code] = std::from_chars(at, end, count);
    if (code != std::errc() || count == 0) return bad(text, "expected a count from 1 up before each letter");
    if (next == end) return bad(text, "ends without a letter");
    const char letter = *next;
    at = next + 1;
    if (seen.find(letter) != std::string::npos) return bad(text, fmt::format("has `{}` twice", letter));
    seen += letter;
    switch (letter) {
      case 's':
        topology.sockets = count;
        break;
      case 'd':
        topology.dies = count;
        break;
      case 'c':
        topology.cores = count;
        break;
      case 't':
        topology.threads = count;
        break;
      case 'n':
        topology.nodes = count;
        break;
      default:
        return bad(text, fmt::format("has an unknown letter {}", scx::quoted(std::string_view(&letter, 1))));
    }
    if (count > kMaxCpus) return bad(text, fmt::format("has more than {} CPUs", kMaxCpus));
  }
  if (topology.nodes == 0) topology.nodes = topology.sockets;
  if (topology.threads > 2) return bad(text, "has more than 2 threads a core");
  const size_t cpus = size_t{topology.sockets} * topology.dies * topology.cores * topology.threads;
  if (cpus > kMaxCpus) return bad(text, fmt::format("has more than {} CPUs", kMaxCpus));
  if (topology.cpus() % topology.nodes != 0)
    return bad(text, "its CPUs cannot be shared equally among the nodes");
  if (colon != std::string_view::npos) {
    SCX_TRY(topology.distances, parse_distances(text, text.substr(colon + 1), topology.nodes));
  }
  return topology;
}

std::string topology_text(const VmTopology& topology) {
  std::string text = fmt::format("{}s", topology.sockets);
  if (topology.dies != 1) text += fmt::format("{}d", topology.dies);
  text += fmt::format("{}c{}t", topology.cores, topology.threads);
  if (topology.nodes != topology.sockets) text += fmt::format("{}n", topology.nodes);
  if (topology.distances.empty()) return text;
  char separator = ':';
  for (unsigned row = 0; row < topology.nodes; ++row) {
    for (unsigned column = row + 1; column < topology.nodes; ++column) {
      text += fmt::format("{}{}", separator, topology.distances[row * topology.nodes + column]);
      separator = ',';
    }
  }
  return text;
}

std::vector<std::string> topology_arguments(const VmTopology& topology, unsigned memory_mib) {
  const unsigned nodes = topology.nodes;
  const unsigned per_node = memory_mib / nodes;
  std::vector<std::string> arguments = {
      "-smp",
      fmt::format("{},sockets={},dies={},cores={},threads={}", topology.cpus(), topology.sockets,
                  topology.dies, topology.cores, topology.threads),
      "-m", fmt::format("{}M", per_node * nodes)};
  if (nodes == 1) return arguments;
  const unsigned cpus_per_node = topology.cpus() / nodes;
  for (unsigned node = 0; node < nodes; ++node) {
    const unsigned first = node * cpus_per_node;
    arguments.insert(
        arguments.end(),
        {"-object", fmt::format("memory-backend-ram,id=m{},size={}M", node, per_node), "-numa",
         fmt::format("node,nodeid={},cpus={}-{},memdev=m{}", node, first, first + cpus_per_node - 1, node)});
  }
  for (unsigned row = 0; row < nodes; ++row) {
    for (unsigned column = row + 1; column < nodes; ++column) {
      const unsigned distance =
          topology.distances.empty() ? kRemoteDistance : topology.distances[row * nodes + column];
      arguments.insert(arguments.end(),
                       {"-numa", fmt::format("dist,src={},dst={},val={}", row, column, distance)});
    }
  }
  return arguments;
}

}  // namespace scx::vm
