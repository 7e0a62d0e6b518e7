#include "runtime/plan/room.h"

#include <algorithm>
#include <set>

#include "runtime/base/check.h"

namespace scx::plan {

Classes::Classes(uint32_t cpus, const std::vector<const Mask*>& allowed, Work& work)
    : count(cpus == 0 ? 0 : 1), claimants(static_cast<uint32_t>(allowed.size())), of(cpus, 0) {
  std::set<Mask> known;
  for (const Mask* mask : allowed) {
    if (mask == nullptr || !known.insert(*mask).second) continue;
    // Every class that has CPUs inside and outside of the mask becomes two; the inside gets the new number.
    std::vector<uint8_t> seen(count, 0);
    for (uint32_t i = 0; i < cpus; ++i) seen[of[i]] |= (*mask)[i] != 0 ? 1 : 2;
    std::vector<uint32_t> inside(count, kNone);
    for (uint32_t& cls : inside)
      if (seen[static_cast<size_t>(&cls - inside.data())] == 3) cls = count++;
    for (uint32_t i = 0; i < cpus; ++i)
      if ((*mask)[i] != 0 && inside[of[i]] != kNone) of[i] = inside[of[i]];
    work.steps += cpus / 8 + 1;  // two short loops
  }
  size.assign(count, 0);
  std::vector<uint32_t> example(count, 0);
  for (uint32_t i = 0; i < cpus; ++i) {
    ++size[of[i]];
    example[of[i]] = i;
  }
  owned.resize(claimants);
  for (uint32_t c = 0; c < claimants; ++c)
    for (uint32_t cls = 0; cls < count; ++cls)
      if (allowed[c] == nullptr || (*allowed[c])[example[cls]] != 0) owned[c].push_back(cls);
  work.steps += size_t{claimants} * count / 8;
}

uint32_t Classes::allowed(uint32_t claimant) const {
  uint32_t sum = 0;
  for (uint32_t cls : owned[claimant]) sum += size[cls];
  return sum;
}

Room::Room(const Classes& classes, Work& work)
    : classes_(classes),
      work_(work),
      left_(static_cast<uint32_t>(classes.of.size())),
      free_(classes.size),
      reserved_(size_t{classes.claimants} * classes.count, 0),
      total_(classes.claimants, 0),
      state_(size_t{classes.claimants} * classes.count, kForbidden),
      dry_(classes.count, 0),
      mover_(classes.count, kNone),
      leaves_(classes.claimants, kNone),
      class_mark_(classes.count, 0),
      claimant_mark_(classes.claimants, 0) {
  for (uint32_t c = 0; c < classes.claimants; ++c)
    for (uint32_t cls : classes.owned[c]) state_[size_t{c} * classes.count + cls] = kAllowed;
  work_.steps += size_t{classes.claimants} * classes.count / 16;
}

void Room::begin_search() {
  ++mark_;
  queue_.clear();
}

void Room::start_at(uint32_t cls) {
  class_mark_[cls] = mark_;
  mover_[cls] = kNone;
  queue_.push_back(cls);
}

// Breadth first from the classes where it starts: the first class where a CPU is free, or where `wants`
// (kNone: nobody) has a reservation to trade. kNone if there is none.
uint32_t Room::search(uint32_t from, uint32_t wants) {
  auto ends = [&](uint32_t cls) { return free_[cls] > 0 || (wants != kNone && reserved(wants, cls) > 0); };
  for (uint32_t cls : queue_)
    if (ends(cls)) return cls;
  work_.steps += queue_.size();
  for (size_t k = 0; k < queue_.size(); ++k) {
    const uint32_t cls = queue_[k];
    work_.steps += classes_.claimants / 8 + 1;
    for (uint32_t d = 0; d < classes_.claimants; ++d) {
      if (reserved(d, cls) == 0 || d == from || claimant_mark_[d] == mark_) continue;
      claimant_mark_[d] = mark_;
      leaves_[d] = cls;
      work_.steps += classes_.owned[d].size();
      for (uint32_t to : classes_.owned[d]) {
        if (class_mark_[to] == mark_ || !open_to(d, to) || (wants == kNone && dry_[to] != 0)) continue;
        class_mark_[to] = mark_;
        mover_[to] = d;
        if (ends(to)) return to;
        queue_.push_back(to);
      }
    }
  }
  return kNone;
}

// Moves up to `most` reservations along the path that search() found and returns how many: those that come to
// `end` from where the path started.
uint32_t Room::shift(uint32_t end, uint32_t most) {
  for (uint32_t cls = end; mover_[cls] != kNone;) {
    const uint32_t d = mover_[cls];
    cls = leaves_[d];
    most = std::min(most, reserved(d, cls));
  }
  for (uint32_t cls = end; mover_[cls] != kNone;) {
    const uint32_t d = mover_[cls];
    reserved(d, cls) += most;
    cls = leaves_[d];
    reserved(d, cls) -= most;
  }
  return most;
}

uint32_t Room::give(uint32_t claimant, uint32_t count) {
  uint32_t given = 0;
  if (classes_.count == 1) {
    ++work_.steps;
    if (open_to(claimant, 0)) given = std::min(count, free_[0]);
    free_[0] -= given;
    reserved(claimant, 0) += given;
    total_[claimant] += given;
    left_ -= given;
    return given;
  }
  while (given < count && left_ > 0) {
    begin_search();
    for (uint32_t cls : classes_.owned[claimant])
      if (open_to(claimant, cls) && dry_[cls] == 0) start_at(cls);
    const uint32_t end = search(claimant, kNone);
    if (end == kNone) {
      for (uint32_t seen : queue_) dry_[seen] = 1;
      break;
    }
    const uint32_t moved = shift(end, std::min(count - given, free_[end]));
    uint32_t start = end;
    while (mover_[start] != kNone) start = leaves_[mover_[start]];
    free_[end] -= moved;
    reserved(claimant, start) += moved;
    total_[claimant] += moved;
    left_ -= moved;
    given += moved;
  }
  return given;
}

void Room::take_back(uint32_t claimant, uint32_t count) {
  for (auto it = classes_.owned[claimant].rbegin(); it != classes_.owned[claimant].rend() && count > 0;
       ++it) {
    const uint32_t cls = *it;
    const uint32_t n = std::min(count, reserved(claimant, cls));
    reserved(claimant, cls) -= n;
    total_[claimant] -= n;
    free_[cls] += n;
    left_ += n;
    count -= n;
  }
  std::fill(dry_.begin(), dry_.end(), 0);
  SCX_CHECK(count == 0, "no more is taken back than was given");
}

void Room::prefer(uint32_t claimant, uint32_t position) {
  const uint32_t cls = class_of(position);
  if (!open_to(claimant, cls)) return;
  SCX_CHECK(free_[cls] > 0, "one CPU, one claimant that likes it");
  --free_[cls];
  --left_;
  ++reserved(claimant, cls);
  ++total_[claimant];
}

bool Room::pick(uint32_t claimant, uint32_t cls) {
  if (!open_to(claimant, cls)) return false;
  ++work_.steps;
  SCX_CHECK(total_[claimant] > 0, "only a claimant with a reservation picks");
  if (reserved(claimant, cls) > 0) {
    --reserved(claimant, cls);
    --total_[claimant];
    return true;
  }
  begin_search();
  start_at(cls);
  const uint32_t end = search(claimant, claimant);
  if (end == kNone) {
    // Nor from any class that the search came through.
    for (uint32_t seen : queue_)
      if (open_to(claimant, seen)) state_[size_t{claimant} * classes_.count + seen] = kRefused;
    return false;
  }
  const bool trade = reserved(claimant, end) > 0;
  shift(end, 1);
  --total_[claimant];
  if (trade) {
    --reserved(claimant, end);
    return true;
  }
  // The CPU comes from those that nobody has: a reservation elsewhere is not needed any more.
  --free_[end];
  for (uint32_t other : classes_.owned[claimant])
    if (reserved(claimant, other) > 0) {
      --reserved(claimant, other);
      ++free_[other];
      break;
    }
  return true;
}

bool Room::claim(uint32_t claimant, uint32_t count, uint32_t from) {
  const uint32_t had = total_[claimant];
  for (uint32_t cls : classes_.owned[claimant]) {
    if (total_[claimant] >= count) return true;
    const uint32_t n = std::min(count - total_[claimant], reserved(from, cls));
    reserved(from, cls) -= n;
    reserved(claimant, cls) += n;
    total_[from] -= n;
    total_[claimant] += n;
  }
  // What others could make room for: `from` frees one CPU after the other until a search finds it.
  for (uint32_t cls = 0; cls < classes_.count && total_[claimant] < count; ++cls) {
    const uint32_t n = std::min(count - total_[claimant], reserved(from, cls));
    if (n == 0) continue;
    reserved(from, cls) -= n;
    total_[from] -= n;
    free_[cls] += n;
    left_ += n;
    std::fill(dry_.begin(), dry_.end(), 0);
    const uint32_t unused = n - give(claimant, n);
    reserved(from, cls) += unused;
    total_[from] += unused;
    free_[cls] -= unused;
    left_ -= unused;
  }
  if (total_[claimant] >= count) return true;
  hand_over(claimant, had, from);
  return false;
}

void Room::unpick(uint32_t claimant, const std::vector<uint32_t>& classes) {
  for (uint32_t cls : classes) ++reserved(claimant, cls);
  total_[claimant] += static_cast<uint32_t>(classes.size());
  // What was refused while they were picked may be possible now.
  for (uint32_t cls : classes_.owned[claimant]) state_[size_t{claimant} * classes_.count + cls] = kAllowed;
}

void Room::hand_over(uint32_t claimant, uint32_t keep, uint32_t to) {
  for (uint32_t cls : classes_.owned[claimant]) {
    const uint32_t n = std::min(reserved(claimant, cls), total_[claimant] - std::min(keep, total_[claimant]));
    reserved(to, cls) += n;
    reserved(claimant, cls) -= n;
    total_[to] += n;
    total_[claimant] -= n;
  }
}

}  // namespace scx::plan
