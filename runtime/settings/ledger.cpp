#include "runtime/settings/ledger.h"

#include <algorithm>

#include "runtime/base/file.h"

namespace scx::settings {
namespace {

// When a journal is written anew with only what is changed now: rarely, and long before it is large.
constexpr size_t kShortBytes = 256U << 10;

bool ours(const Undo& undo, const std::string& value) { return value == undo.value || value == undo.earlier; }

}  // namespace

void put_back(const Undo& undo, Files& files, Gathered& gathered) {
  const std::string path = path_of(undo.setting);
  const Result<std::string> now = files.read(path);
  if (!now.ok()) {
    // Without its file a setting is at the kernel's default once it comes back.
    if (now.error().reason != kGone) gathered.stuck(undo.setting, undo.before, now.error().message);
    return;
  }
  if (*now == undo.before) return;
  if (!ours(undo, *now)) return gathered.left(undo.setting, *now);
  const Result<void> written = files.write(path, undo.before);
  if (written.ok()) return gathered.restored(undo.setting, undo.before);
  if (written.error().reason != kGone) gathered.stuck(undo.setting, undo.before, written.error().message);
}

void put_back_all(const std::vector<Undo>& undos, Files& files, Gathered& gathered) {
  for (auto undo = undos.rbegin(); undo != undos.rend(); ++undo) put_back(*undo, files, gathered);
}

std::vector<Undo> Ledger::undos() const {
  std::map<uint64_t, Undo> by_order;
  for (const auto& [setting, entry] : entries_) by_order.emplace(entry.order, entry.undo);
  std::vector<Undo> out;
  for (auto& [order, undo] : by_order) out.push_back(std::move(undo));
  return out;
}

// Returns the journal's lines about them.
std::string Ledger::put_back_unwanted(const Targets& wanted, Gathered& gathered) {
  std::vector<Undo> unwanted = undos();
  std::erase_if(unwanted, [&](const Undo& undo) { return wanted.count(undo.setting) != 0; });
  put_back_all(unwanted, files_, gathered);
  std::string lines;
  for (const Undo& undo : unwanted) {
    lines += back_line(undo.setting);
    entries_.erase(undo.setting);
  }
  return lines;
}

// Enters one change, if there is one to make, and returns the journal's lines about it.
std::string Ledger::prepare(Setting setting, const std::string& value, Gathered& gathered) {
  auto known = entries_.find(setting);
  if (known != entries_.end() && known->second.undo.value == value) return "";
  const Result<std::string> now = files_.read(path_of(setting));
  if (!now.ok()) {
    gathered.refused(setting, now.error().reason == kGone ? "" : now.error().message);
    return "";
  }
  if (!is_value(setting.kind, *now)) {
    gathered.refused(setting, fmt::format("it reads {}", quoted(*now)));
    return "";
  }
  std::string lines;
  if (known != entries_.end() && !ours(known->second.undo, *now)) {
    // Somebody else's value is what is to come back from here on.
    lines = back_line(setting);
    entries_.erase(known);
    known = entries_.end();
  }
  if (known != entries_.end()) {
    Undo& undo = known->second.undo;
    undo.earlier = std::exchange(undo.value, value);
  } else if (*now == value) {
    return lines;
  } else {
    known = entries_.emplace(setting, Entry{{setting, *now, value, value}, next_order_++}).first;
  }
  prepared_.push_back(setting);
  return lines + set_line(setting, known->second.undo.before, value);
}

void Ledger::write(Gathered& gathered) {
  for (const Setting setting : prepared_) {
    Undo& undo = entries_.at(setting).undo;
    const Result<void> written = files_.write(path_of(setting), undo.value);
    if (written.ok())
      undo.earlier = undo.value;
    else
      gathered.refused(setting, written.error().message);
  }
}

// The journal could not be written: none of the prepared changes is made.
void Ledger::take_back() {
  for (const Setting setting : prepared_) {
    const auto entry = entries_.find(setting);
    Undo& undo = entry->second.undo;
    if (undo.earlier == undo.value)
      entries_.erase(entry);
    else
      undo.value = undo.earlier;
  }
}

Result<void> Ledger::keep_short() {
  // Twice what is needed, so that a machine with many CPUs does not write it anew each time.
  if (store_.size() < kShortBytes + 256 * entries_.size()) return {};
  std::string text = owner_line(owner_);
  for (const Undo& undo : undos()) text += set_line(undo.setting, undo.before, undo.value);
  return store_.replace(text);
}

Notes Ledger::apply(const std::vector<Wanted>& wanted) {
  Targets targets;
  for (const Wanted& one : wanted) targets[one.setting] = one.value;
  Gathered gathered;
  std::string lines = put_back_unwanted(targets, gathered);
  prepared_.clear();
  for (const auto& [setting, value] : targets) lines += prepare(setting, value, gathered);
  Result<void> kept = store_.append(lines);
  if (kept.ok()) {
    write(gathered);
    (void)keep_short();  // the long one is as good
  } else {
    take_back();
  }
  gathered.tell_once(told_);
  gathered.forget_restored();  // what a layer gives back in its course is no news
  Notes notes = gathered.notes();
  if (!kept.ok() && !std::exchange(told_of_journal_, true))
    notes.push_back({true, kept.error().message + ": settings stay as they are"});
  return notes;
}

Notes Ledger::restore() {
  Gathered gathered;
  put_back_all(undos(), files_, gathered);
  entries_.clear();
  return gathered.notes();
}

}  // namespace scx::settings
