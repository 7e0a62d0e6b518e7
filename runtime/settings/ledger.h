// The settings that this process has changed: sets what is wanted now, puts
// back what no longer is, journal first. The way back is the same for the
// loader, its guardian and a recovery. Nothing here prints.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "runtime/settings/files.h"
#include "runtime/settings/journal.h"
#include "runtime/settings/notes.h"
#include "runtime/settings/store.h"

namespace scx::settings {

// Puts one back, if its value is still one that we set.
void put_back(const Undo& undo, Files& files, Gathered& gathered);
// All of them, the last first.
void put_back_all(const std::vector<Undo>& undos, Files& files, Gathered& gathered);

class Ledger {
 public:
  // Both must outlive it. Precondition: the store is locked and its journal was begun with `owner`'s line.
  Ledger(Store& store, Files& files, Owner owner) : store_(store), files_(files), owner_(std::move(owner)) {}

  // Makes the settings be as wanted: changes those that differ, and puts back those that were wanted before
  // and are not now. What cannot be changed stays, and each cause is told once. Of two values for one setting
  // the last counts.
  Notes apply(const std::vector<Wanted>& wanted);
  // Puts all back. The journal is the caller's to remove.
  Notes restore();

  // In the order in which they were changed first.
  [[nodiscard]] std::vector<Undo> undos() const;

 private:
  struct Entry {
    Undo undo;
    uint64_t order = 0;
  };
  using Targets = std::map<Setting, std::string>;

  std::string put_back_unwanted(const Targets& wanted, Gathered& gathered);
  std::string prepare(Setting setting, const std::string& value, Gathered& gathered);
  void write(Gathered& gathered);
  void take_back();
  Result<void> keep_short();

  Store& store_;
  Files& files_;
  Owner owner_;
  std::map<Setting, Entry> entries_;
  uint64_t next_order_ = 0;
  std::vector<Setting> prepared_;  // in the journal, or on the way into it, and not written yet
  std::set<Gathered::Key> told_;
  bool told_of_journal_ = false;
};

}  // namespace scx::settings
