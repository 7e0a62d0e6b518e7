// Whatever is set, put back, changed by others and killed at any moment: what
// comes back is what was there before.
#include <optional>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "runtime/settings/ledger.h"
#include "tests/unit/settings/support.h"

namespace scx::settings {
namespace {

constexpr uint32_t kCpus = 4;
// What layers want. Others write other values: nobody could tell equal ones apart.
const std::vector<std::string> kWanted = {"20", "50", "n/a"};

// Ends the process, as SIGKILL would, before its Nth access to a setting.
struct Killed {};
class Mortal : public Files {
 public:
  using Files::Files;
  Result<std::string> read(const std::string& path) const override {
    step();
    return Files::read(path);
  }
  Result<void> write(const std::string& path, std::string_view value) override {
    step();
    return Files::write(path, value);
  }
  void live_for(std::optional<unsigned> steps) { left_ = steps; }

 private:
  void step() const {
    if (!left_) return;
    if (*left_ == 0) throw Killed{};
    --*left_;
  }
  mutable std::optional<unsigned> left_;
};

struct Op {
  enum Kind : uint8_t { kApply, kForeign, kVanish, kReturn, kKill, kEnd } kind;
  uint32_t cpu;
  std::vector<uint32_t> choice;  // by CPU: an index in kWanted, or beyond it for none
  unsigned steps;                // until the kill, and until the one of the recovery
  unsigned torn;                 // bytes of a line that was in the writing
};

// A loader, its machine, and what should be there when the loader is gone.
class World {
 public:
  World() {
    for (uint32_t cpu = 0; cpu < kCpus; ++cpu) expected_.emplace_back("0");
    begin();
  }

  void run(const Op& op) {
    const uint32_t cpu = op.cpu % kCpus;
    switch (op.kind) {
      case Op::kApply:
        (void)ledger_->apply(wanted(op));
        return check_journal();
      case Op::kForeign:
        if (machine_.get(cpu).empty()) return;
        expected_[cpu] = std::to_string(++foreign_);
        return machine_.set(cpu, expected_[cpu]);
      case Op::kVanish:
        machine_.remove(cpu);
        expected_[cpu].clear();
        return;
      case Op::kReturn:
        if (!machine_.get(cpu).empty()) return;
        expected_[cpu] = "0";
        return machine_.set(cpu, "0");
      case Op::kKill:
        return kill(op);
      case Op::kEnd:
        (void)ledger_->restore();
        check();
        return begin();
    }
  }

 private:
  static std::vector<Wanted> wanted(const Op& op) {
    std::vector<Wanted> out;
    for (uint32_t cpu = 0; cpu < kCpus && cpu < op.choice.size(); ++cpu)
      if (op.choice[cpu] < kWanted.size()) out.push_back(latency(cpu, kWanted[op.choice[cpu]]));
    return out;
  }

  void begin() {
    RC_ASSERT(store_.replace(owner_line(owner_)).ok());
    ledger_.emplace(store_, files_, owner_);
  }

  // Somewhere in an apply, or right behind it.
  void kill(const Op& op) {
    files_.live_for(op.steps);
    try {
      (void)ledger_->apply(wanted(op));
    } catch (const Killed&) {
    }
    files_.live_for(std::nullopt);
    const std::string line = set_line({Kind::kResumeLatency, op.cpu % kCpus}, "1", "2");
    RC_ASSERT(store_.append(line.substr(0, op.torn % line.size())).ok());
    recover(op.steps / 2);
    recover(std::nullopt);
    check();
    begin();
  }

  // The guardian's work, which may be killed too.
  void recover(std::optional<unsigned> steps) {
    files_.live_for(steps);
    const auto journal = parse_journal(**store_.read());
    RC_ASSERT(journal.ok());
    Gathered gathered;
    try {
      put_back_all(journal->undos, files_, gathered);
    } catch (const Killed&) {
    }
    files_.live_for(std::nullopt);
  }

  void check() const { RC_ASSERT(machine_.all(kCpus) == expected_); }
  // A crash right now would find the same as the ledger knows.
  void check_journal() const {
    auto written = parse_journal(**store_.read())->undos;
    for (Undo& undo : written) undo.earlier = undo.value;
    RC_ASSERT(written == ledger_->undos());
  }

  Machine machine_{kCpus};
  Owner owner_{"boot", 1, 1};
  Store store_ = std::move(Store::open(machine_.places().folder).value());
  Mortal files_{machine_.places().root};
  std::optional<Ledger> ledger_;
  std::vector<std::string> expected_;
  unsigned foreign_ = 1000;
};

rc::Gen<Op> an_op() {
  return rc::gen::build<Op>(
      rc::gen::set(&Op::kind, rc::gen::element(Op::kApply, Op::kApply, Op::kApply, Op::kForeign, Op::kVanish,
                                               Op::kReturn, Op::kKill, Op::kKill, Op::kEnd)),
      rc::gen::set(&Op::cpu, rc::gen::inRange(0U, kCpus)),
      rc::gen::set(&Op::choice, rc::gen::container<std::vector<uint32_t>>(kCpus, rc::gen::inRange(0U, 5U))),
      rc::gen::set(&Op::steps, rc::gen::inRange(0U, 12U)),
      rc::gen::set(&Op::torn, rc::gen::inRange(0U, 60U)));
}

RC_GTEST_PROP(LedgerProperty, WhatWasThereComesBack, ()) {
  World world;
  for (const Op& op : *rc::gen::container<std::vector<Op>>(an_op())) world.run(op);
  world.run({Op::kEnd, 0, {}, 0, 0});
}

}  // namespace
}  // namespace scx::settings
