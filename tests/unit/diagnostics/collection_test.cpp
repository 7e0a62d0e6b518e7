#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/diagnostics/diagnostics.h"

namespace scx::diag {
namespace {

TEST(Kinds, CodesAreUniqueAndTellTheSeverity) {
  std::set<std::string_view> codes;
  std::set<std::string_view> names;
  for (const KindInfo& kind : all_kinds()) {
    EXPECT_TRUE(codes.insert(kind.code).second) << kind.code;
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    ASSERT_EQ(kind.code.size(), 5u);
    const char letter = kind.severity == Severity::kError     ? 'E'
                        : kind.severity == Severity::kWarning ? 'W'
                                                              : 'N';
    EXPECT_EQ(kind.code[0], letter) << kind.code;
    EXPECT_EQ(kind.code.substr(1).find_first_not_of("0123456789"), std::string_view::npos) << kind.code;
    EXPECT_FALSE(kind.title.empty());
  }
  EXPECT_EQ(info(Kind::kUnknownProperty).code, "E0102");
}

TEST(Diagnostics, AreSortedByPlaceWithoutRepetition) {
  Diagnostics all;
  all.report(Kind::kUnknownProperty, {FileId{1}, 0, 1}, "other file");
  all.report(Kind::kUnknownProperty, {FileId{0}, 9, 10}, "late");
  all.report(Kind::kUnknownProperty, {FileId{0}, 3, 4}, "first");
  all.report(Kind::kUnknownProperty, {FileId{0}, 3, 4}, "again");
  all.report(Kind::kUnknownOperator, {FileId{0}, 3, 4}, "another kind");
  std::vector<std::string> messages;
  for (const Diagnostic* d : all.sorted()) messages.push_back(d->message);
  EXPECT_THAT(messages, testing::ElementsAre("first", "another kind", "late", "other file"));
  EXPECT_EQ(all.error_count(), 5u);
}

TEST(Diagnostics, WarningsAndNotesAreNoErrors) {
  Diagnostics all;
  all.report(Kind::kUnusedMatcher, {}, "w");
  all.report(Kind::kImplicitLayer, {}, "n");
  EXPECT_FALSE(all.has_errors());
  all.report(Kind::kUnknownProperty, {}, "e");
  EXPECT_TRUE(all.has_errors());
}

TEST(Diagnostics, ErrorsOfEachFileAreLimited) {
  const auto span = [](uint32_t file, uint32_t begin) {
    return Span{static_cast<FileId>(file), begin, begin + 1};
  };
  Diagnostics all;
  for (uint32_t i = 0; i < 5; ++i) all.report(Kind::kUnknownProperty, span(0, 10 - i), "{}", i);
  all.report(Kind::kUnknownProperty, span(0, 10), "twice");
  all.report(Kind::kUnusedMatcher, span(0, 20), "a warning");
  all.report(Kind::kTooManyErrors, span(0, 30), "reading ended");
  all.report(Kind::kUnknownProperty, span(1, 0), "of another file");
  const auto texts = [](const Diagnostics& some) {
    std::vector<std::string> out;
    for (const Diagnostic* d : some.sorted()) out.push_back(fmt::format("{} {}", d->span.begin, d->message));
    return out;
  };
  EXPECT_THAT(texts(limit_errors(all, 2)),
              testing::ElementsAre("6 4", "7 3", "8 3 more errors in this file", "20 a warning",
                                   "30 reading ended", "0 of another file"));
  EXPECT_EQ(texts(limit_errors(all, 5)), texts(all));
  EXPECT_EQ(texts(limit_errors(all, 0)), texts(all));
}

TEST(Diagnostics, BuildersStayValid) {
  Diagnostics all;
  Builder first = all.report(Kind::kUnknownProperty, {}, "{}", 1);
  for (int i = 0; i < 1000; ++i) all.report(Kind::kUnknownProperty, {}, "{}", i);
  first.help("late help");
  EXPECT_EQ(all.all().front().help, "late help");
}

}  // namespace
}  // namespace scx::diag
