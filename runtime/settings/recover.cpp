#include "runtime/settings/recover.h"

#include "runtime/base/refusal.h"
#include "runtime/settings/journal.h"
#include "runtime/settings/ledger.h"

namespace scx::settings {
namespace {

Error in_use(pid_t pid) {
  const std::string who = pid > 0 ? fmt::format("scx-run (pid {})", pid) : "another scx-run";
  return refusal("settings-in-use", fmt::format("{} is running and keeps the settings it changed", who),
                 "end it; it puts them back itself");
}

// The owner of the journal if that process runs, else 0.
pid_t running_owner(const Store& store) {
  const auto text = store.read();
  if (!text.ok() || !text->has_value()) return 0;
  const auto journal = parse_journal(**text);
  return journal.ok() && journal->owner && runs(*journal->owner) ? journal->owner->pid : 0;
}

}  // namespace

Result<void> take(Store& store, std::chrono::milliseconds wait) {
  SCX_TRY(const bool at_once, store.lock(std::chrono::milliseconds(0)));
  if (at_once) return {};
  if (const pid_t pid = running_owner(store); pid != 0) return in_use(pid);
  SCX_TRY(const bool locked, store.lock(wait));
  if (!locked) return in_use(running_owner(store));
  return {};
}

Result<Recovery> recover_locked(Store& store, Files& files) {
  SCX_TRY(const std::optional<std::string> text, store.read());
  if (!text) return Recovery{};
  Recovery out;
  out.found = true;
  Result<Journal> journal = parse_journal(*text);
  if (!journal.ok()) {
    Error error = std::move(journal).error();
    error.help = "look at it and remove it; settings that a killed scx-run changed may have stayed";
    return error;
  }
  SCX_TRY(const std::string boot, this_boot());
  if (journal->owner && journal->owner->boot != boot) {
    out.notes.push_back({false, "the journal of settings is from before the last boot: nothing to put back"});
  } else {
    if (journal->owner && runs(*journal->owner)) return in_use(journal->owner->pid);
    Gathered gathered;
    put_back_all(journal->undos, files, gathered);
    out.restored = gathered.restored_count();
    out.stuck = gathered.stuck_count();
    out.notes = gathered.notes();
  }
  if (journal->unreadable_lines > 0)
    out.notes.push_back({true, fmt::format("lines of the journal that are none of scx-run's: {}",
                                           journal->unreadable_lines)});
  SCX_TRY_VOID(store.remove());
  return out;
}

Result<Recovery> recover(const Places& places, std::chrono::milliseconds wait) {
  SCX_TRY(std::optional<Store> store, Store::open_existing(places.folder));
  if (!store) return Recovery{};
  SCX_TRY_VOID(take(*store, wait));
  Files files(places.root);
  return recover_locked(*store, files);
}

}  // namespace scx::settings
