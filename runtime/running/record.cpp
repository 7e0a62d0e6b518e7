#include "runtime/running/record.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "runtime/base/refusal.h"
#include "runtime/settings/store.h"

namespace scx::running {
namespace {

using nlohmann::json;

constexpr const char* kFile = "running.json";
constexpr const char* kSchema = "scx-run.running";
// Raised when a reader of the previous version would misread the file.
constexpr int kVersion = 1;

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

// Null instead of an exception.
json parsed(std::string_view text) {
  json document = json::parse(text, nullptr, false);
  return document.is_object() ? document : json(nullptr);
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
      {"maps", {{"tasks", record.maps.tasks}, {"plan", record.maps.plan}}},
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
    if (document.is_null()) return corrupt("it is no JSON object");
    if (member<std::string>(document, "schema") != kSchema || member<int>(document, "version") != kVersion)
      return corrupt("another schema or version");
    out.owner = owner_of(document);
    out.maps = {member<uint32_t>(document.at("maps"), "tasks"),
                member<uint32_t>(document.at("maps"), "plan")};
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

bool discard_stale(const std::string& folder) {
  const auto store = settings::Store::open_existing(folder);
  if (!store.ok() || !store->has_value()) return false;
  const auto text = (*store)->read(kFile);
  if (!text.ok() || !text->has_value()) return false;
  const auto owner = owner_in(**text);
  if (owner && settings::runs(*owner)) return false;
  return (*store)->drop(kFile).ok();
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
