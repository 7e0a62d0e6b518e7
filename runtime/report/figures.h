// What the counters of a running scheduler say about each layer in one
// interval. Pure; the control loop makes figures, the renderers print them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/feed.h"
#include "runtime/abi/manifest.h"
#include "runtime/plan/plan.h"

namespace scx::report {

using Counters = std::array<uint64_t, SCX_STAT_COUNT>;

// One counter of enum scx_stat: its name in JSON and what it counts. In the order of the enumeration.
struct Field {
  std::string_view name;
  std::string_view meaning;
};
std::span<const Field, SCX_STAT_COUNT> fields();

struct LayerFigures {
  uint32_t domain = 0;
  std::string cell;
  std::string layer;
  abi::LayerKind kind = abi::LayerKind::kOpen;
  uint32_t weight = 100;
  std::vector<uint32_t> cpus;  // home CPUs
  bool owns_cpus = false;
  Counters total{};                           // since the start
  std::array<double, SCX_STAT_COUNT> rate{};  // per second of the interval
  double cpus_used = 0;                       // CPU time per time, anywhere
  double utilization = 0;                     // 0..1, of its home CPUs
  double wait_ns = 0;                         // average from queued to running, per run
  uint64_t tasks = 0;
};

struct Frame {
  std::string policy;
  std::string fingerprint;
  double elapsed_s = 0;   // since attach
  double interval_s = 0;  // that rates are of
  std::vector<uint32_t> online;
  std::vector<uint32_t> pool;
  std::vector<LayerFigures> layers;  // by domain
};

// `before` and `now`: counters by domain; a counter that went back counts as no change. interval_s > 0.
Frame make_frame(const abi::Manifest& manifest, const plan::Plan& plan, const std::vector<Counters>& before,
                 const std::vector<Counters>& now, double interval_s, double elapsed_s);

}  // namespace scx::report
