// Setting and putting back, one event after the other.
#include "runtime/settings/ledger.h"

#include "tests/unit/settings/support.h"

namespace scx::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The kernel's answers to writes.
class Refusing : public Files {
 public:
  using Files::Files;
  Result<void> write(const std::string& path, std::string_view value) override {
    if (refuses) return make_error("Permission denied");
    return Files::write(path, value);
  }
  bool refuses = false;
};

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.replace(owner_line(owner_)).ok()); }
  std::vector<Undo> in_journal() const { return parse_journal(**store_.read())->undos; }

  Machine machine_{4};
  Owner owner_{"boot", 1, 1};
  Store store_ = std::move(Store::open(machine_.places().folder).value());
  Refusing files_{machine_.places().root};
  Ledger ledger_{store_, files_, owner_};
};

TEST_F(LedgerTest, FollowsWhatIsWanted) {
  machine_.set(3, "7");
  EXPECT_THAT(ledger_.apply({latency(1, "20"), latency(3, "20")}), IsEmpty());
  EXPECT_THAT(machine_.all(4), ElementsAre("0", "20", "0", "20"));
  EXPECT_THAT(ledger_.apply({latency(2, "20"), latency(3, "n/a")}), IsEmpty());
  EXPECT_THAT(machine_.all(4), ElementsAre("0", "0", "20", "n/a"));
  EXPECT_THAT(in_journal(), SizeIs(2));
  const Notes notes = ledger_.restore();
  EXPECT_THAT(machine_.all(4), ElementsAre("0", "0", "0", "7"));
  EXPECT_THAT(notes, ElementsAre(Note{false, "the resume latency of CPU 2 is without bound again"},
                                 Note{false, "the resume latency of CPU 3 is 7us again"}));
}

TEST_F(LedgerTest, NothingToDoWritesNothing) {
  machine_.set(0, "20");
  const size_t size = store_.size();
  EXPECT_THAT(ledger_.apply({latency(0, "20")}), IsEmpty());
  EXPECT_EQ(store_.size(), size);
  EXPECT_THAT(ledger_.undos(), IsEmpty());
  ledger_.apply({latency(1, "20")});
  const size_t one = store_.size();
  ledger_.apply({latency(1, "20")});
  EXPECT_EQ(store_.size(), one);
}

TEST_F(LedgerTest, SomebodyElsesChangeStays) {
  ledger_.apply({latency(1, "20"), latency(2, "20")});
  machine_.set(1, "100");
  machine_.set(2, "0");
  EXPECT_THAT(
      ledger_.restore(),
      ElementsAre(Note{false, "the resume latency of CPU 1 stays 100us: somebody else has changed it"}));
  EXPECT_THAT(machine_.all(3), ElementsAre("0", "100", "0"));
}

TEST_F(LedgerTest, SomebodyElsesChangeComesBackIfItIsChangedAgain) {
  ledger_.apply({latency(1, "20")});
  machine_.set(1, "100");
  ledger_.apply({latency(1, "50")});
  EXPECT_EQ(machine_.get(1), "50");
  EXPECT_EQ(in_journal(), (std::vector<Undo>{{{Kind::kResumeLatency, 1}, "100", "50", "50"}}));
  machine_.set(1, "200");
  ledger_.apply({latency(1, "200")});
  EXPECT_THAT(ledger_.undos(), IsEmpty());
  EXPECT_THAT(in_journal(), IsEmpty());
}

TEST_F(LedgerTest, AFileThatIsNotThereIsToldOnce) {
  const Notes notes = ledger_.apply({latency(2, "20"), latency(8, "20"), latency(9, "20")});
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_TRUE(notes[0].warning);
  EXPECT_THAT(notes[0].text, HasSubstr("the resume latency of CPUs 8-9 cannot be set: this kernel has no "
                                       "\"/sys/devices/system/cpu/cpu8/power/pm_qos_resume_latency_us\""));
  EXPECT_EQ(machine_.get(2), "20");
  EXPECT_THAT(ledger_.apply({latency(9, "20"), latency(10, "20")}), IsEmpty());
}

TEST_F(LedgerTest, AFileThatVanishesIsForgotten) {
  ledger_.apply({latency(1, "20"), latency(2, "20")});
  machine_.remove(1);
  machine_.remove(2);
  EXPECT_THAT(ledger_.apply({latency(2, "20")}), IsEmpty());
  EXPECT_THAT(ledger_.restore(), IsEmpty());
  EXPECT_EQ(machine_.get(1), "");
}

TEST_F(LedgerTest, ARefusedWriteIsToldAndChangesNothing) {
  files_.refuses = true;
  const Notes notes = ledger_.apply({latency(0, "20"), latency(1, "20")});
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].text, "the resume latency of CPUs 0-1 cannot be set: Permission denied");
  EXPECT_THAT(ledger_.restore(), IsEmpty());
}

TEST_F(LedgerTest, WhatCannotBePutBackIsNamedWithItsValue) {
  ledger_.apply({latency(0, "20")});
  files_.refuses = true;
  EXPECT_THAT(ledger_.restore(),
              ElementsAre(Note{true,
                               "the resume latency of CPU 0 is not put back: Permission denied; write `0` to "
                               "/sys/devices/system/cpu/cpu0/power/pm_qos_resume_latency_us"}));
}

TEST_F(LedgerTest, AValueThatIsNoneIsLeftAlone) {
  machine_.set(0, "surprise \x1b[2J");
  const Notes notes = ledger_.apply({latency(0, "20")});
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].text, HasSubstr("it reads \"surprise \\x1b[2J\""));
  EXPECT_EQ(machine_.get(0), "surprise \x1b[2J");
}

TEST_F(LedgerTest, WithoutAJournalNothingIsChanged) {
  ledger_.apply({latency(0, "20")});
  store_.close_file();  // every append fails from here on
  const Notes notes = ledger_.apply({latency(0, "50"), latency(1, "50")});
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].text, HasSubstr("settings stay as they are"));
  EXPECT_THAT(machine_.all(2), ElementsAre("20", "0"));
  EXPECT_THAT(ledger_.apply({latency(0, "50"), latency(1, "50")}), IsEmpty());
  ledger_.restore();
  EXPECT_THAT(machine_.all(2), ElementsAre("0", "0"));
}

TEST_F(LedgerTest, AJournalOfManyChangesStaysShort) {
  size_t longest = 0;
  for (int i = 0; i < 20000; ++i) {
    ledger_.apply({latency(static_cast<uint32_t>(i % 4), i % 2 == 0 ? "20" : "30")});
    longest = std::max(longest, store_.size());
  }
  EXPECT_LT(longest, 300U << 10);
  EXPECT_EQ(in_journal(), ledger_.undos());
  ledger_.restore();
  EXPECT_THAT(machine_.all(4), ElementsAre("0", "0", "0", "0"));
}

}  // namespace
}  // namespace scx::settings
