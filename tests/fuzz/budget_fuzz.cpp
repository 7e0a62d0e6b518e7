// Any bytes as a budget: refused with a place, or read; and what was read is
// written and read again as it was. Policies that no kernel was asked about keep
// their bounds only so.
#include "compiler/driver/verify_budget.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const scx::fuzz::TimeLimit limit;
  const std::string path = "b.json";
  const scx::Result<scx::driver::Budget> read =
      scx::driver::budget_from_json(path, scx::fuzz::text_of(data, size));
  if (!read) {
    SCX_CHECK(read.error().reason == "bad-budget", "a refusal has a reason");
    return 0;
  }
  const scx::Result<scx::driver::Budget> again =
      scx::driver::budget_from_json(path, scx::driver::to_json(*read));
  SCX_CHECK(again.ok(), "what was read is written so that it can be read");
  SCX_CHECK(*again == *read, "what was written is what was read");
  return 0;
}
