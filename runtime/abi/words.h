// The words that stand for enumerators in the manifest's JSON. Owned by the
// manifest's writer and reader; nobody else includes it.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "runtime/abi/manifest.h"

namespace scx::abi::words {

template <typename Enum, size_t N>
using Table = std::array<std::pair<Enum, std::string_view>, N>;

inline constexpr Table<LayerKind, 3> kLayerKinds{
    {{LayerKind::kConfined, "confined"}, {LayerKind::kGrouped, "grouped"}, {LayerKind::kOpen, "open"}}};
inline constexpr Table<QueueOrder, 2> kQueueOrders{
    {{QueueOrder::kVtime, "vtime"}, {QueueOrder::kFifo, "fifo"}}};
inline constexpr Table<GrowOrder, 5> kGrowOrders{{{GrowOrder::kSticky, "sticky"},
                                                  {GrowOrder::kLinear, "linear"},
                                                  {GrowOrder::kReverse, "reverse"},
                                                  {GrowOrder::kTopo, "topo"},
                                                  {GrowOrder::kNodeSpread, "node-spread"}}};
inline constexpr Table<Alignment, 4> kAlignments{{{Alignment::kNone, "none"},
                                                  {Alignment::kCore, "core"},
                                                  {Alignment::kLlc, "llc"},
                                                  {Alignment::kNode, "node"}}};
inline constexpr Table<Overflow, 2> kOverflows{{{Overflow::kRoot, "root"}, {Overflow::kShare, "share"}}};
inline constexpr Table<CellAffinity, 2> kCellAffinities{
    {{CellAffinity::kAllow, "allow"}, {CellAffinity::kReject, "reject"}}};
inline constexpr Table<CellCpus, 4> kCellCpus{{{CellCpus::kWeight, "weight"},
                                               {CellCpus::kAmount, "amount"},
                                               {CellCpus::kList, "list"},
                                               {CellCpus::kCpuset, "cpuset"}}};
inline constexpr Table<CellKind, 3> kCellKinds{
    {{CellKind::kRoot, "root"}, {CellKind::kStatic, "static"}, {CellKind::kFamily, "family"}}};
inline constexpr Table<CellEvent, abi::kCellEvents> kCellEventWords{
    {{CellEvent::kCgroupExit, "cgroup exit"},
     {CellEvent::kCpusetClear, "cpuset clear"},
     {CellEvent::kCpusetChange, "cpuset change"},
     {CellEvent::kCellEnd, "cell end"},
     {CellEvent::kCpuOffline, "cpu offline"}}};
inline constexpr Table<CpuReturn::To, 4> kCpuReturns{{{CpuReturn::To::kRoot, "root"},
                                                      {CpuReturn::To::kDonors, "donors"},
                                                      {CpuReturn::To::kSiblings, "siblings"},
                                                      {CpuReturn::To::kCell, "cell"}}};
inline constexpr Table<TaskDrain::To, 3> kTaskDrains{
    {{TaskDrain::To::kParent, "parent"}, {TaskDrain::To::kRoot, "root"}, {TaskDrain::To::kCell, "cell"}}};
inline constexpr Table<EndAction, 2> kEndActions{
    {{EndAction::kExit, "exit"}, {EndAction::kRestart, "restart"}}};
inline constexpr Table<CpuAmount::Unit, 3> kUnits{{{CpuAmount::Unit::kCpus, "cpus"},
                                                   {CpuAmount::Unit::kCores, "cores"},
                                                   {CpuAmount::Unit::kPercent, "percent"}}};
inline constexpr Table<Expression::Kind, 5> kExpressionKinds{{{Expression::Kind::kAll, "all"},
                                                              {Expression::Kind::kTest, "test"},
                                                              {Expression::Kind::kNot, "not"},
                                                              {Expression::Kind::kAnd, "and"},
                                                              {Expression::Kind::kOr, "or"}}};

inline constexpr Table<Place::Kind, 3> kPlaceKinds{
    {{Place::Kind::kNode, "node"}, {Place::Kind::kLlc, "llc"}, {Place::Kind::kOnline, "online"}}};

template <typename Enum, size_t N>
constexpr std::string_view word(const Table<Enum, N>& table, Enum value) {
  for (const auto& [candidate, text] : table)
    if (candidate == value) return text;
  return "";
}

}  // namespace scx::abi::words
