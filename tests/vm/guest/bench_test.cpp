// What is measured on a kernel: printed and left in /results, judged by nobody.
// Not part of the checks: the label bench asks for these.
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

// Instructions after load, instructions that the verifier walked, and how long the load took it.
TEST(Bench, ProgramSizes) {
  std::filesystem::create_directories("/results/programs");
  for (const std::string& name : compiled_policies()) {
    const Outcome outcome = run({"scx-run", object_path(name), "--dry-run", "--stats", "json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    write_text("/results/programs/" + name + ".json", outcome.out);
    const nlohmann::json document = nlohmann::json::parse(outcome.out, nullptr, false);
    uint64_t instructions = 0, verified = 0;
    for (const auto& program : document.value("programs", nlohmann::json::array())) {
      instructions += program.at("instructions").get<uint64_t>();
      verified += program.at("verified_instructions").get<uint64_t>();
    }
    fmt::print("{:<16} {:>8} instructions {:>9} verified {:>8.0f} ms\n", name, instructions, verified,
               document.value("load_us", 0.0) / 1000);
  }
}

}  // namespace
}  // namespace scx::testing
