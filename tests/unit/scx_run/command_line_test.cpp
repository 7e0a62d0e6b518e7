#include "runtime/cli/command_line.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scx::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Options parsed(const std::vector<std::string>& arguments) {
  auto result = parse_command_line(arguments);
  if (auto* answer = std::get_if<Answer>(&result)) {
    ADD_FAILURE() << answer->error;
    return {};
  }
  return std::get<Options>(result);
}

Answer answered(const std::vector<std::string>& arguments) {
  auto result = parse_command_line(arguments);
  if (std::holds_alternative<Options>(result)) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  return std::get<Answer>(result);
}

TEST(CommandLine, Defaults) {
  const Options options = parsed({"sched.bpf.o"});
  EXPECT_EQ(options.command, Command::kRun);
  EXPECT_EQ(options.object, "sched.bpf.o");
  EXPECT_EQ(options.control.stats, control::Stats::kTable);
  EXPECT_EQ(options.control.interval, milliseconds(1000));
  EXPECT_FALSE(options.control.duration.has_value());
  EXPECT_FALSE(options.vm.has_value());
  EXPECT_FALSE(options.dry_run);
}

TEST(CommandLine, Everything) {
  const Options options = parsed({"--stats", "json", "--interval", "250ms", "--duration", "1.5m", "--vm=7.3",
                                  "s.o", "--topology", "2s4c2t", "--verifier-log", "v.log", "--dry-run"});
  EXPECT_EQ(options.control.stats, control::Stats::kJson);
  EXPECT_EQ(options.control.interval, milliseconds(250));
  EXPECT_EQ(options.control.duration, milliseconds(90'000));
  EXPECT_EQ(options.vm, "7.3");
  EXPECT_EQ(options.topology, "2s4c2t");
  EXPECT_EQ(options.verifier_log, "v.log");
  EXPECT_TRUE(options.dry_run);
}

TEST(CommandLine, CommandsTakeNoOptionOfARun) {
  const std::vector<std::vector<std::string>> runs = {
      {"--stats", "json"},     {"--interval", "2s"},    {"--duration", "5s"}, {"--dry-run"}, {"--vm"},
      {"--verifier-log", "x"}, {"--topology", "2s4c2t"}};
  const std::vector<std::vector<std::string>> commands = {
      {"explain", "1"}, {"status"}, {"completion", "bash"}};
  for (const auto& options : runs)
    for (const auto& command : commands) {
      std::vector<std::string> line = options;
      line.insert(line.end(), command.begin(), command.end());
      const Answer answer = answered(line);
      EXPECT_EQ(answer.exit_code, kExitUsage);
      EXPECT_THAT(answer.error, HasSubstr("`scx-run " + command[0] + "` takes no `" + options[0] + "`"));
    }
  EXPECT_EQ(parsed({"explain", "1", "--format", "json"}).pid, 1);
}

TEST(CommandLine, TheSeriesOnlyAfterTheEqualsSign) {
  const Options options = parsed({"--vm", "sched.bpf.o"});
  EXPECT_EQ(options.vm, "");
  EXPECT_EQ(options.object, "sched.bpf.o");
}

TEST(CommandLine, Subcommands) {
  EXPECT_EQ(parsed({"status"}).command, Command::kStatus);
  EXPECT_EQ(answered({"--version"}).exit_code, kExitOrderly);
  EXPECT_THAT(answered({"--version"}).out, testing::StartsWith("scx-run "));
  EXPECT_THAT(answered({"--help"}).out, HasSubstr("Examples:"));
}

TEST(CommandLine, ExplainTakesAThread) {
  const Options options = parsed({"explain", "4711", "--format", "json"});
  EXPECT_EQ(options.command, Command::kExplain);
  EXPECT_EQ(options.pid, 4711);
  EXPECT_TRUE(options.json);
  EXPECT_FALSE(parsed({"explain", "4711"}).json);
  EXPECT_THAT(answered({"explain"}).error, HasSubstr("explain which thread?"));
  EXPECT_THAT(answered({"explain", "nginx"}).error, HasSubstr("is no thread's id"));
  EXPECT_THAT(answered({"explain", "--help"}).out, HasSubstr("scx-run explain 4711 --format json"));
  EXPECT_THAT(answered({"explian"}).error, HasSubstr("did you mean `scx-run explain`?"));
}

TEST(CommandLine, RecoverStandsAlone) {
  EXPECT_EQ(parsed({"--recover"}).command, Command::kRecover);
  EXPECT_THAT(answered({"a.o", "--recover"}).error, HasSubstr("`--recover` stands alone"));
  EXPECT_THAT(answered({"--recover", "--vm"}).error, HasSubstr("`--recover` stands alone"));
  EXPECT_EQ(answered({"status", "--recover"}).exit_code, kExitUsage);
  EXPECT_EQ(answered({"--recover", "status"}).exit_code, kExitUsage);
}

TEST(CommandLine, MistakesAreUsageErrors) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"a.o", "b.o"},
      {"a.o", "--stats", "xml"},
      {"a.o", "--interval", "5"},
      {"a.o", "--interval", "1ms"},
      {"a.o", "--duration", "0s"},
      {"a.o", "--duration", "-1s"},
      {"a.o", "--duration", "9999999h"},
      {"a.o", "--topology", "2s2c2t"},
      {"a.o", "--nonsense"},
      {"completion", "tcsh"},
      {"completion"},
      {"explain"},
      {"explain", "nginx"},
      {"explain", "0"},
      {"explain", "99999999999999999999"},
      {"explain", "12", "13"},
      {"explain", "12", "--format", "xml"},
      {"a.o", "--format", "json"},
  };
  for (const auto& arguments : wrong) {
    const Answer answer = answered(arguments);
    EXPECT_EQ(answer.exit_code, kExitUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(answer.error, testing::StartsWith("scx-run: error[usage]: "));
  }
}

TEST(CommandLine, LaterPartsAreRejectedByName) {
  EXPECT_THAT(answered({"a.o", "--detach"}).error, HasSubstr("`--detach` is not available in this version"));
  EXPECT_THAT(answered({"a.o", "--metrics=:9100"}).error, HasSubstr("`--metrics` is not available"));
  EXPECT_THAT(answered({"stop"}).error, HasSubstr("`scx-run stop` is not available"));
}

TEST(CommandLine, Durations) {
  EXPECT_EQ(parse_duration("500ms").value(), milliseconds(500));
  EXPECT_EQ(parse_duration("0.5s").value(), milliseconds(500));
  EXPECT_EQ(parse_duration("2h").value(), milliseconds(7'200'000));
  for (const char* text : {"", "s", "5", "5 s", "5us", "-5s", "nan s", "infs", "1e3s", "5s5"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
}

TEST(CommandLine, CompletionAndManualKnowEveryOption) {
  std::ifstream file(SCX_SOURCE_DIR "/runtime/cli/scx-run.8");
  std::stringstream manual;
  manual << file.rdbuf();
  std::istringstream words(completion_script("fish"));
  size_t options = 0;
  for (std::string word; words >> word;) {
    if (word != "-l") continue;
    words >> word;
    ++options;
    const std::string option = "--" + word;
    EXPECT_THAT(completion_script("bash"), HasSubstr(option));
    EXPECT_THAT(completion_script("zsh"), HasSubstr(option));
    std::string escaped;
    for (char c : option) escaped += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_THAT(manual.str(), HasSubstr(escaped)) << option;
  }
  EXPECT_GT(options, 5U);
  EXPECT_EQ(completion_script("tcsh"), "");
}

TEST(Manual, ListsEveryReason) {
  const auto manual_text = [](const char* path) {
    std::ifstream file(path);
    std::stringstream manual;
    manual << file.rdbuf();
    return manual.str();
  };
  const std::string of_scx_run = manual_text(SCX_SOURCE_DIR "/runtime/cli/scx-run.8");
  // The audit speaks through `scxc verify` only.
  const std::string of_scxc = manual_text(SCX_SOURCE_DIR "/compiler/driver/man/scxc.1");
  const std::regex call(
      "(refusal|object_error|as_refusal)\\([^\"]*\"([a-z0-9-]+)\"|reason = \"([a-z0-9-]+)\"");
  size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SCX_SOURCE_DIR "/runtime")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream code(entry.path());
    std::stringstream text;
    text << code.rdbuf();
    const std::string all = text.str();
    const bool is_audit = entry.path().parent_path().filename() == "audit";
    const std::string& manual = is_audit ? of_scxc : of_scx_run;
    for (std::sregex_iterator it(all.begin(), all.end(), call); it != std::sregex_iterator(); ++it, ++found)
      EXPECT_THAT(manual, HasSubstr((*it)[2].matched ? (*it)[2].str() : (*it)[3].str())) << entry.path();
  }
  EXPECT_GT(found, 30U);
}

}  // namespace
}  // namespace scx::cli
