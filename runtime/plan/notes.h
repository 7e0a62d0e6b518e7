// What of a plan did not go as the policy asks: facts, and one sentence of them
// for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/request.h"

namespace scx::plan {

struct Note {
  enum class Kind : uint8_t {
    kCellUnaligned,     // no whole `unit` is among the CPUs that it may own
    kUnitsTooFew,       // whole `unit`s do not suffice for all floors: the cells come in smaller ones
    kUnitsShared,       // other cells have a part of each `unit`
    kCellWithoutCpus,   // of `floor`; `allowed` of the `online` CPUs are open to it
    kCellFloorCut,      // `kept` of `floor`
    kCellHostAbsent,    // the cell whose CPUs `host` shares is not there
    kLayerWithoutCpus,  // of `floor`; its cell has `online` CPUs
    kLayerFloorCut,     // `kept` of `floor`
    kNoGpuNear,         // `place near gpu` without a GPU that is nearer to some CPUs
  };
  Kind kind = Kind::kNoGpuNear;
  std::vector<std::string> cells = {};  // that it is about; of a layer its own; none: the whole machine
  std::string layer = {};
  bool in_root = false;  // the layer: where it is goes without saying
  Alignment unit = Alignment::kNone;
  uint32_t floor = 0;
  uint32_t kept = 0;
  uint32_t allowed = 0;
  uint32_t online = 0;  // of the machine, or in the layer's cell
  std::string host = {};
  bool operator==(const Note&) const = default;
};

// A stable word for programs: `cell-floor-cut`.
std::string_view code_of(Note::Kind kind);
std::string text_of(const Note& note);

}  // namespace scx::plan
