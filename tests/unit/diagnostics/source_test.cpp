#include "compiler/support/source.h"

#include <gtest/gtest.h>

namespace scx {
namespace {

TEST(Sources, PositionsCountFromOneInBytes) {
  Sources sources;
  const FileId file = sources.add("a.scx", "a.scx", "ab\n\tc\n");
  const auto at = [&](uint32_t offset) {
    const LineColumn position = sources.position(file, offset);
    return std::pair(position.line, position.column);
  };
  EXPECT_EQ(at(0), std::pair(1u, 1u));
  EXPECT_EQ(at(2), std::pair(1u, 3u));
  EXPECT_EQ(at(3), std::pair(2u, 1u));
  EXPECT_EQ(at(4), std::pair(2u, 2u));
  EXPECT_EQ(at(6), std::pair(3u, 1u));
  EXPECT_EQ(at(999), std::pair(3u, 1u));
}

TEST(Sources, LinesComeWithoutTheirEnds) {
  Sources sources;
  const FileId file = sources.add("a.scx", "a.scx", "ab\r\n\nlast");
  EXPECT_EQ(sources.line(file, 1), "ab");
  EXPECT_EQ(sources.line(file, 2), "");
  EXPECT_EQ(sources.line(file, 3), "last");
  EXPECT_EQ(sources.line(file, 4), "");
  EXPECT_EQ(sources.line(file, 0), "");
}

TEST(Sources, SpansBeyondTheTextAreCut) {
  Sources sources;
  const FileId file = sources.add("a.scx", "a.scx", "abc");
  EXPECT_EQ(sources.text(Span{file, 1, 2}), "b");
  EXPECT_EQ(sources.text(Span{file, 1, 99}), "bc");
  EXPECT_EQ(sources.text(Span{file, 50, 99}), "");
}

TEST(Sources, TextsDoNotMove) {
  Sources sources;
  const FileId first = sources.add("a.scx", "a.scx", "text");
  const char* where = sources.text(first).data();
  for (int i = 0; i < 100; ++i) sources.add("b.scx", "b.scx", "more");
  EXPECT_EQ(sources.text(first).data(), where);
  EXPECT_EQ(sources.size(), 101u);
}

TEST(Sources, JoinCoversBoth) {
  const Span joined = join({FileId{0}, 5, 9}, {FileId{0}, 2, 6});
  EXPECT_EQ(joined, (Span{FileId{0}, 2, 9}));
}

}  // namespace
}  // namespace scx
