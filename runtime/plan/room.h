// Whether claimants with different allowed CPUs can have as many as they want
// at the same time: a flow between claimants and classes of CPUs (a class is
// the CPUs that the same claimants may own). Sizing asks it for each CPU that
// it hands out, placement for each CPU that it picks.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/plan/machine.h"
#include "runtime/plan/plan.h"

namespace scx::plan {

// The classes of CPUs that a set of masks makes, and who may own which: made once for all rooms of a step.
struct Classes {
  // One mask a claimant, by position; null allows all `cpus`.
  Classes(uint32_t cpus, const std::vector<const Mask*>& allowed, Work& work);

  uint32_t count = 0;
  uint32_t claimants = 0;
  std::vector<uint32_t> of;                  // by position
  std::vector<uint32_t> size;                // by class
  std::vector<std::vector<uint32_t>> owned;  // by claimant: those it may own
  // CPUs that a claimant may own.
  [[nodiscard]] uint32_t allowed(uint32_t claimant) const;
};

class Room {
 public:
  Room(const Classes& classes, Work& work);

  // Reserves up to `count` more CPUs for a claimant, moving what others have reserved between classes where
  // that makes room. Returns how many: less than `count` means that the claimant can never have more. What a
  // claimant has is never taken away, so reservations one at a time in order of need are fair to all.
  uint32_t give(uint32_t claimant, uint32_t count);
  void take_back(uint32_t claimant, uint32_t count);
  // CPUs that nobody has reserved.
  [[nodiscard]] uint32_t left() const { return left_; }

  // For placement, after the reservations. First CPUs that a claimant would like best: the flow starts there.
  // Precondition: nothing is reserved for a CPU that another claimant likes.
  void prefer(uint32_t claimant, uint32_t position);
  // Makes one of the claimant's reservations a CPU of this class. False when others could not have theirs
  // then: so it stays for the life of the object. Precondition: the claimant has a reservation.
  bool pick(uint32_t claimant, uint32_t cls);
  // Leaves the claimant `keep` reservations and gives the others to `to`, which must be allowed everywhere.
  void hand_over(uint32_t claimant, uint32_t keep, uint32_t to);
  [[nodiscard]] uint32_t reservations(uint32_t claimant) const { return total_[claimant]; }
  // Raises the claimant's reservations to `count` with some of `from`, which must be allowed everywhere.
  // False, and nothing changed, when that cannot be.
  bool claim(uint32_t claimant, uint32_t count, uint32_t from);
  // Takes picks of a claimant back, one CPU of each class: they are reservations again.
  void unpick(uint32_t claimant, const std::vector<uint32_t>& classes);
  [[nodiscard]] uint32_t class_of(uint32_t position) const { return classes_.of[position]; }
  [[nodiscard]] bool open_to(uint32_t claimant, uint32_t cls) const {
    return state_[size_t{claimant} * classes_.count + cls] == kAllowed;
  }

 private:
  enum State : uint8_t { kForbidden, kAllowed, kRefused };
  [[nodiscard]] uint32_t& reserved(uint32_t claimant, uint32_t cls) {
    return reserved_[size_t{cls} * classes_.claimants + claimant];
  }
  // A search starts with begin_search(), then start_at() for each class that would do.
  void begin_search();
  void start_at(uint32_t cls);
  uint32_t search(uint32_t from, uint32_t wants);
  uint32_t shift(uint32_t end, uint32_t most);

  const Classes& classes_;
  Work& work_;
  uint32_t left_ = 0;
  std::vector<uint32_t> free_;      // by class: CPUs neither reserved nor picked
  std::vector<uint32_t> reserved_;  // class * claimants + claimant
  std::vector<uint32_t> total_;     // by claimant: reservations
  std::vector<uint8_t> state_;      // claimant * classes + class
  // By class: no exchange leads from it to a free CPU. Stays so, because nobody in such a class may leave for
  // another, until take_back().
  std::vector<uint8_t> dry_;
  // Of the search: by class the claimant that would move here (kNone: the start), by claimant the class
  // it would leave. Valid where the mark is that of the search.
  std::vector<uint32_t> mover_;
  std::vector<uint32_t> leaves_;
  std::vector<uint32_t> class_mark_;
  std::vector<uint32_t> claimant_mark_;
  uint32_t mark_ = 0;
  std::vector<uint32_t> queue_;
};

}  // namespace scx::plan
