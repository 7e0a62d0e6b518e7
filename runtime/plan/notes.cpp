#include "runtime/plan/notes.h"

#include <fmt/format.h>

namespace scx::plan {
namespace {

using Kind = Note::Kind;

constexpr const char* kUnits[] = {"CPU", "core", "last-level cache", "node"};

std::string unit_name(Alignment unit) { return kUnits[static_cast<size_t>(unit)]; }

std::string cells_text(const std::vector<std::string>& cells) {
  std::string text = cells.size() == 1 ? "cell" : "cells";
  for (size_t i = 0; i < cells.size(); ++i) text += fmt::format("{}`{}`", i == 0 ? " " : ", ", cells[i]);
  return text;
}

std::string layer_text(const Note& note) {
  return fmt::format("layer `{}`{}", note.layer, note.in_root ? "" : " of " + cells_text(note.cells));
}

}  // namespace

std::string_view code_of(Kind kind) {
  switch (kind) {
    case Kind::kCellUnaligned:
      return "cell-unaligned";
    case Kind::kUnitsTooFew:
      return "units-too-few";
    case Kind::kUnitsShared:
      return "units-shared";
    case Kind::kCellWithoutCpus:
      return "cell-without-cpus";
    case Kind::kCellFloorCut:
      return "cell-floor-cut";
    case Kind::kCellHostAbsent:
      return "cell-host-absent";
    case Kind::kLayerWithoutCpus:
      return "layer-without-cpus";
    case Kind::kLayerFloorCut:
      return "layer-floor-cut";
    case Kind::kNoGpuNear:
      return "no-gpu-near";
  }
  return "";
}

std::string text_of(const Note& note) {
  switch (note.kind) {
    case Kind::kCellUnaligned:
      return fmt::format("{} is not aligned: no whole {} is among the CPUs that it may own",
                         cells_text(note.cells), unit_name(note.unit));
    case Kind::kUnitsTooFew:
      return fmt::format("{} {} in whole {}s where {}s do not suffice for all floors", cells_text(note.cells),
                         note.cells.size() == 1 ? "comes" : "come",
                         kUnits[static_cast<size_t>(note.unit) - 1], unit_name(note.unit));
    case Kind::kUnitsShared:
      return fmt::format("{} does not come in whole {}s: other cells have a part of each",
                         cells_text(note.cells), unit_name(note.unit));
    case Kind::kCellWithoutCpus:
      return fmt::format("{} gets no CPUs: its floor is {}, {} of the {} online ones are open to it",
                         cells_text(note.cells), note.floor, note.allowed, note.online);
    case Kind::kCellFloorCut:
      return fmt::format("{} keeps {} of the {} CPUs of its floor: {} are online", cells_text(note.cells),
                         note.kept, note.floor, note.online);
    case Kind::kCellHostAbsent:
      return fmt::format("{} runs on root's CPUs: the cell whose CPUs `{}` shares is not there",
                         cells_text(note.cells), note.host);
    case Kind::kLayerWithoutCpus:
      return fmt::format(
          "{} gets no CPUs of its own and shares the others' (its floor is {}, the cell has {} CPUs)",
          layer_text(note), note.floor, note.online);
    case Kind::kLayerFloorCut:
      return fmt::format("{} keeps {} of the {} CPUs of its floor: the cell has {}", layer_text(note),
                         note.kept, note.floor, note.online);
    case Kind::kNoGpuNear:
      return "`place near gpu` has no effect: no GPU is nearer to some CPUs than to others";
  }
  return "";
}

}  // namespace scx::plan
