// Policies with one mistake: what is reported, and where. The cases stand in
// several files; diagnostics_test.cpp runs them, and cleanup_test.cpp those of its own.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace scx::test {

struct Case {
  std::string_view name;
  std::string_view text;
  std::string_view expected;  // "CODE `marked text`"
  std::string_view message;   // part of message, label, notes or help
};

class Wrong : public testing::TestWithParam<Case> {};

inline std::string name_of(const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); }

}  // namespace scx::test
