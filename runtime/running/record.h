// What a scx-run leaves in /run/scx while its scheduler runs, for `scx-run
// explain`: who it is, the manifest of the policy, the ids of names as they were
// when it was loaded, and where its maps are. A file of root's alone; it goes
// when the scheduler ends, and a killed scx-run's counts for nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"
#include "runtime/classify/classify.h"
#include "runtime/settings/process.h"

namespace scx::running {

// The kernel's numbers of the scheduler's maps.
struct MapIds {
  uint32_t tasks = 0;
  uint32_t plan = 0;
  // Of a policy with cells; otherwise 0, which no map has.
  uint32_t cgroups = 0;
  uint32_t slots = 0;
  bool operator==(const MapIds&) const = default;
};

struct Record {
  settings::Owner owner;
  MapIds maps;
  classify::NameIds ids;
  abi::Manifest manifest;
};

std::string to_json(const Record& record);
// Trusts nothing of the text. Reason: "corrupt-record".
Result<Record> parse_record(std::string_view text);

inline constexpr const char* kFolder = "/run/scx";

// Writes the record of this process, in place of whatever was there. Reasons: "no-journal", "unsafe-journal".
Result<void> publish(const Record& record, const std::string& folder = kFolder);
// Takes it away if it is this process's.
void withdraw(const std::string& folder = kFolder);
// Takes away that of a scx-run that does not run any more; true if there was one. What cannot be read stays:
// another version of scx-run may run and have written it.
bool discard_stale(const std::string& folder = kFolder);

// The record of a scx-run that runs; nothing if there is none. Reasons: "no-journal", "unsafe-journal",
// "corrupt-record".
Result<std::optional<Record>> find_record(const std::string& folder = kFolder);

}  // namespace scx::running
