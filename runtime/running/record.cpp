#include "runtime/running/record.h"

#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "runtime/base/refusal.h"
#include "runtime/settings/store.h"

namespace scx::running {
namespace {

using nlohmann::json;

constexpr const char* kFile = "running.json";
constexpr const char* kSchema = "scx-run.running";
// Raised when a reader of the previous version would misread the file.
constexpr int kVersion = 2;

Error corrupt(const std::string& what) {
  return refusal("corrupt-record",
                 fmt::format("the record of the running scheduler cannot be read: {}", what),
                 "it was written by another version of scx-run perhaps: use the scx-run that runs");
}

template <typename T>
T member(const json& object, const char* name) {
  return object.at(name).get<T>();
}

settings::Owner owner_of(const json& document) {
  const json& owner = document.at("owner");
  return {member<std::string>(owner, "boot"), member<pid_t>(owner, "pid"), member<uint64_t>(owner, "start")};
}

// An expression of the manifest has an object and an array a level; what holds it adds a few. What is deeper
// is no record, and what walks it would end with the stack.
constexpr int kMostNested = 2 * int{abi::kMaxExpressionDepth} + 64;

// Null instead of an exception, also where it nests too deep.
json parsed(std::string_view text) {
  bool deep = false;
  const auto keep = [&](int depth, json::parse_event_t, const json&) {
    deep = deep || depth > kMostNested;
    return !deep;
  };
  json document = json::parse(text, keep, false);
  return document.is_object() && !deep ? document : json(nullptr);
}

// Who wrote it; nothing if that cannot be read.
std::optional<settings::Owner> owner_in(const std::string& text) {
  try {
    return owner_of(parsed(text));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string to_json(const Record& record) {
  const json document = {
      {"schema", kSchema},
      {"version", kVersion},
      {"owner", {{"boot", record.owner.boot}, {"pid", record.owner.pid}, {"start", record.owner.start}}},
      {"maps",
       {{"tasks", record.maps.tasks},
        {"plan", record.maps.plan},
        {"cgroups", record.maps.cgroups},
        {"slots", record.maps.slots}}},
      {"users", record.ids.users},
      {"groups", record.ids.groups},
      {"manifest", parsed(abi::to_json(record.manifest))}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Record> parse_record(std::string_view text) {
  Record out;
  std::string manifest;
  try {
    const json document = parsed(text);
    if (document.is_null()) return corrupt("it is no JSON object, or nests too deep");
    if (member<std::string>(document, "schema") != kSchema || member<int>(document, "version") != kVersion)
      return corrupt("another schema or version");
    out.owner = owner_of(document);
    const json& maps = document.at("maps");
    out.maps = {member<uint32_t>(maps, "tasks"), member<uint32_t>(maps, "plan"),
                member<uint32_t>(maps, "cgroups"), member<uint32_t>(maps, "slots")};
    out.ids.users = document.at("users").get<std::map<std::string, int64_t>>();
    out.ids.groups = document.at("groups").get<std::map<std::string, int64_t>>();
    manifest = document.at("manifest").dump(-1, ' ', false, json::error_handler_t::replace);
  } catch (const json::exception& error) {
    return corrupt(error.what());
  }
  Result<abi::Manifest> read = abi::manifest_from_json(manifest);
  if (!read.ok()) return corrupt(read.error().message);
  out.manifest = *std::move(read);
  return out;
}

Result<void> publish(const Record& record, const std::string& folder) {
  SCX_TRY(const settings::Store store, settings::Store::open(folder));
  return store.put(kFile, to_json(record));
}

void withdraw(const std::string& folder) {
  const auto store = settings::Store::open_existing(folder);
  if (!store.ok() || !store->has_value()) return;
  const auto text = (*store)->read(kFile);
  if (!text.ok() || !text->has_value()) return;
  const auto owner = owner_in(**text);
  const Result<settings::Owner> self = settings::this_process();
  if (owner && self.ok() && *owner == *self) (void)(*store)->drop(kFile);
}

// The one that was read may be gone and a fresh one in its place by the time that it is taken away: so what
// was taken is looked at again, and put back if it counts. Nobody needs a lock for that, and a scx-run that
// changes settings holds the folder's as long as it runs.
bool discard_stale(const std::string& folder) {
  const auto store = settings::Store::open_existing(folder);
  if (!store.ok() || !store->has_value()) return false;
  const auto is_stale = [&](const std::string& name) {
    const auto text = (*store)->read(name);
    if (!text.ok() || !text->has_value()) return false;
    const auto owner = owner_in(**text);
    return owner && !settings::runs(*owner);
  };
  if (!is_stale(kFile)) return false;
  const int files = (*store)->folder();
  const std::string aside = fmt::format("{}.{}", kFile, ::getpid());
  if (::renameat(files, kFile, files, aside.c_str()) != 0) return false;
  if (is_stale(aside)) return (*store)->drop(aside).ok();
  // Not over a still newer one.
  if (::renameat2(files, aside.c_str(), files, kFile, RENAME_NOREPLACE) != 0) (void)(*store)->drop(aside);
  return false;
}

Result<std::optional<Record>> find_record(const std::string& folder) {
  SCX_TRY(const std::optional<settings::Store> store, settings::Store::open_existing(folder));
  if (!store) return std::optional<Record>();
  SCX_TRY(const std::optional<std::string> text, store->read(kFile));
  if (!text) return std::optional<Record>();
  if (const auto owner = owner_in(*text); owner && !settings::runs(*owner)) return std::optional<Record>();
  SCX_TRY(Record record, parse_record(*text));
  return std::optional<Record>(std::move(record));
}

}  // namespace scx::running
