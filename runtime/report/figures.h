// What the counters of a running scheduler say about each cell and layer in one
// interval. Pure; the control loop makes figures, the renderers print them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/feed.h"
#include "runtime/abi/manifest.h"
#include "runtime/cells/registry.h"
#include "runtime/plan/plan.h"

namespace scx::report {

using Counters = std::array<uint64_t, SCX_STAT_COUNT>;

// One counter of enum scx_stat: its name in JSON and what it counts. In the order of the enumeration.
struct Field {
  std::string_view name;
  std::string_view meaning;
};
std::span<const Field, SCX_STAT_COUNT> fields();

// What is said of layers and of cells alike; a cell's are the sums over its layers.
struct Figures {
  std::vector<uint32_t> cpus;  // a layer's home; what a cell owns, or what it runs on if it owns none
  bool owns_cpus = false;
  Counters total{};                           // since its cell began
  std::array<double, SCX_STAT_COUNT> rate{};  // per second of the interval
  double cpus_used = 0;                       // CPU time per time, anywhere
  double borrowed = 0;                        // of it on CPUs of other cells that lend
  double utilization = 0;                     // 0..1, of `cpus`
  double wait_ns = 0;                         // average from queued to running, per run
  uint64_t tasks = 0;
};

struct LayerFigures : Figures {
  uint32_t domain = 0;
  std::string layer;
  abi::LayerKind kind = abi::LayerKind::kOpen;
  uint32_t weight = 100;
};

struct CellFigures : Figures {
  cells::CellView view;
  std::string runs_in;             // the cell whose CPUs it runs on, if it owns none
  std::optional<uint32_t> queued;  // tasks that wait in its queues now, if that was counted
  std::vector<LayerFigures> layers;
};

struct Frame {
  std::string policy;
  std::string fingerprint;
  double elapsed_s = 0;   // since attach
  double interval_s = 0;  // that rates are of
  std::vector<uint32_t> online;
  std::vector<uint32_t> pool;
  bool declares_cells = false;     // besides root
  std::vector<CellFigures> cells;  // by slot: root and those that run or drain
};

// What a frame is made of.
struct Reading {
  const abi::Manifest& manifest;
  const plan::Plan& plan;
  std::vector<cells::CellView> cells;           // by slot, root among them
  std::vector<std::optional<uint32_t>> queued;  // of each of them; may be shorter
  const std::vector<Counters>& before;          // by domain
  const std::vector<Counters>& now;
  double interval_s = 1;  // more than 0
  double elapsed_s = 0;
};

// A counter that went back counts as no change.
Frame make_frame(const Reading& reading);

}  // namespace scx::report
