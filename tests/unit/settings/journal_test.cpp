// The journal's text: what a crash leaves of it, and what somebody else may have put there.
#include "runtime/settings/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace scx::settings {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr Setting kOne{Kind::kResumeLatency, 1};
constexpr Setting kTwo{Kind::kResumeLatency, 2};
const Owner kOwner{"a-b", 12, 345};

TEST(Journal, ChangesThatAreNotBackAreLeft) {
  const auto journal =
      parse_journal(owner_line(kOwner) + set_line(kOne, "0", "20") + set_line(kTwo, "7", "20") +
                    back_line(kOne) + set_line(kTwo, "7", "n/a"));
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(journal->owner, kOwner);
  EXPECT_EQ(journal->undos, (std::vector<Undo>{{kTwo, "7", "n/a", "20"}}));
  EXPECT_EQ(journal->unreadable_lines, 0);
}

TEST(Journal, AfterBackTheValueBeforeIsANewOne) {
  const auto journal = parse_journal(owner_line(kOwner) + set_line(kOne, "0", "20") + back_line(kOne) +
                                     set_line(kOne, "100", "20"));
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(journal->undos, (std::vector<Undo>{{kOne, "100", "20", "20"}}));
}

TEST(Journal, EveryTornEndIsTheJournalWithoutIt) {
  const std::string whole = owner_line(kOwner) + set_line(kOne, "0", "20");
  const std::string last = set_line(kTwo, "0", "50");
  for (size_t length = 0; length < last.size(); ++length) {
    const auto journal = parse_journal(whole + last.substr(0, length));
    ASSERT_TRUE(journal.ok());
    EXPECT_THAT(journal->undos, SizeIs(1));
  }
  for (size_t length = 0; length < owner_line(kOwner).size(); ++length) {
    const auto journal = parse_journal(whole.substr(0, length));
    ASSERT_TRUE(journal.ok());
    EXPECT_FALSE(journal->owner.has_value());
    EXPECT_THAT(journal->undos, IsEmpty());
  }
}

TEST(Journal, AnOwnerThatIsNoneIsCorrupt) {
  for (const char* line : {"", "x", "scx-settings 2 a 1 2", "scx-settings 1 a 1", "scx-settings 1 a 0 2",
                           "scx-settings 1 a -1 2", "scx-settings 1  1 2", "scx-settings 1 a 1 2 3",
                           "scx-settings 1 a 1x 2", "scx-settings 1 a 99999999999999999999 2"}) {
    const auto journal = parse_journal(std::string(line) + "\n");
    ASSERT_FALSE(journal.ok()) << line;
    EXPECT_EQ(journal.error().reason, "corrupt-journal");
  }
}

TEST(Journal, ForeignLinesAreLeftOutAndCounted) {
  const std::string path = path_of(kOne);
  std::string text = owner_line(kOwner);
  const std::vector<std::string> foreign = {"set /etc/passwd 0 20",
                                            "set " + path + " 0",
                                            "set " + path + " 0 20 30",
                                            "set " + path + " x 20",
                                            "set " + path + " 0 -1",
                                            "set  " + path + " 0 20",
                                            "back /etc/passwd",
                                            "back",
                                            "",
                                            owner_line(kOwner) + "x",
                                            std::string("set ") + path + " 0 20\r",
                                            std::string(100000, 'x'),
                                            std::string("back ") + path + '\0'};
  for (const std::string& line : foreign) text += line + "\n";
  const auto journal = parse_journal(text + set_line(kTwo, "0", "20"));
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(journal->undos, (std::vector<Undo>{{kTwo, "0", "20", "20"}}));
  EXPECT_EQ(journal->unreadable_lines, foreign.size() + 1);  // one of them is two lines
}

TEST(Process, StartTimes) {
  const std::string rest = " 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9876 1 2";
  EXPECT_EQ(start_time("12 (scx-run) S" + rest), 9876);
  EXPECT_EQ(start_time("12 (a) Z (b) R) S" + rest), 9876);
  for (const std::string& text : {"12 (scx-run) Z" + rest, "12 (scx-run) X" + rest, std::string(),
                                  std::string("12 (a"), std::string("12 (a) S 1 2 3")})
    EXPECT_FALSE(start_time(text).has_value()) << text;
}

TEST(Process, ThisOneRunsAndNoOtherIsTakenForIt) {
  const auto self = this_process();
  ASSERT_TRUE(self.ok()) << self.error().message;
  EXPECT_EQ(self->pid, ::getpid());
  EXPECT_TRUE(runs(*self));
  Owner other = *self;
  other.start += 1;
  EXPECT_FALSE(runs(other));
  other = *self;
  other.boot = "another";
  EXPECT_FALSE(runs(other));
}

}  // namespace
}  // namespace scx::settings
