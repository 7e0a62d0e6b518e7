#include "runtime/cli/command_line.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include <CLI/CLI.hpp>

#include "runtime/base/closest.h"
#include "runtime/base/file.h"
#include "runtime/completion/description.h"
#include "runtime/vm/kernel.h"

namespace scx::cli {
namespace {

const std::map<std::string, control::Stats> kStats = {
    {"table", control::Stats::kTable}, {"json", control::Stats::kJson}, {"none", control::Stats::kNone}};

constexpr const char* kFooter = R"(Commands:
  scx-run OBJECT            load the scheduler in OBJECT (made by scxc) and run it
  scx-run status            whether sched_ext runs a scheduler, and which
  scx-run explain PID       which layer the running scheduler has a thread in, and why
  scx-run --recover         put back settings of the machine that a killed scx-run left changed
  scx-run completion SHELL  completion for bash, zsh or fish

Examples:
  scx-run sched.bpf.o
  scx-run sched.bpf.o --duration 30s --stats json > figures.jsonl
  scx-run sched.bpf.o --dry-run
  scx-run sched.bpf.o --vm --duration 10s
  scx-run sched.bpf.o --vm=7.3 --topology 2s4c2t
  scx-run explain 4711 --format json

Values of --vm only after `=`. Durations carry a unit: 500ms, 4s, 2m.
Exit codes: 0 orderly end, 1 ended by an error, 2 usage, 3 refused before it ran
)";

constexpr const char* kExplainFooter =
    R"(Asks the scheduler that scx-run runs now where the thread is, reads the thread's
name, cgroup and so on, and has the reference classifier say where it belongs:
every test with its line and what it reads. Needs root.

Examples:
  scx-run explain 4711
  scx-run explain 4711 --format json

Exit codes: 0 they agree, or the thread has no layer yet, 1 they differ, 2 usage,
3 no scheduler of scx-run's runs, no such thread, or not root
)";

// Parts of the design that later versions have.
constexpr std::string_view kLaterOptions[] = {"--detach", "--metrics", "--monitor", "--restart", "--set"};
constexpr std::string_view kLaterCommands[] = {"stop", "monitor", "events"};

CLI::Validator duration_check() {
  return {[](std::string& text) {
            Result<std::chrono::milliseconds> parsed = parse_duration(text);
            return parsed.ok() ? std::string() : parsed.error().message;
          },
          ""};
}

CLI::Validator thread_check() {
  return {[](std::string& text) {
            int pid = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
            const bool sound = error == std::errc{} && end == text.data() + text.size() && pid > 0;
            return sound ? std::string() : fmt::format("{} is no thread's id", quoted(text));
          },
          ""};
}

struct Line {
  CLI::App app{"loads, feeds and watches a CPU scheduler that scxc compiled"};
  Options options;
  std::string stats = "table";
  std::string interval = "1s";
  std::string duration;
  std::string vm;
  bool recover = false;
  std::string shell;
  std::string format = "text";
  CLI::App* status = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* completion = nullptr;
  CLI::App* guest_load = nullptr;

  Line() {
    app.name("scx-run");
    app.set_version_flag("--version", std::string("scx-run ") + SCX_VERSION);
    app.footer(kFooter);
    app.option_defaults()->always_capture_default(false);
    app.add_option("object", options.object, "object file that `scxc POLICY.scx -o OBJECT` wrote")
        ->type_name("");
    app.add_option("--stats", stats, "figures on standard output: table, json or none (default table)")
        ->check(CLI::IsMember({"table", "json", "none"}).description(""))
        ->type_name("table|json|none");
    app.add_option("--interval", interval, "time between figures (default 1s)")
        ->check(duration_check())
        ->type_name("TIME");
    app.add_option("--duration", duration, "end by itself after this time")
        ->check(duration_check())
        ->type_name("TIME");
    app.add_option("--verifier-log", options.verifier_log,
                   "where to write the verifier's whole log of a refused program")
        ->type_name("FILE");
    app.add_flag("--vm{default}", vm,
                 "run in a virtual machine with a stock kernel; --vm=SERIES for another series")
        ->type_name("SERIES")
        ->option_text("[=SERIES]");
    app.add_option("--topology", options.topology,
                   "with --vm the machine's shape, 2s4c2t; with --dry-run also an hwloc .xml file")
        ->type_name("SHAPE");
    app.add_flag("--dry-run", options.dry_run, "preflight and load only; reports the cost of each program");
    app.add_flag("--recover", recover,
                 "put back settings of the machine that a killed scx-run left changed; stands alone");
    status = app.add_subcommand("status", "whether sched_ext runs a scheduler, and which");
    explain = app.add_subcommand("explain", "which layer the running scheduler has a thread in, and why");
    explain->footer(kExplainFooter);
    explain->add_option("pid", options.pid, "a thread's id, as `ps -eLo lwp,comm` shows it")
        ->required()
        ->check(thread_check())
        ->type_name("");
    explain->add_option("--format", format, "text or json (default text)")
        ->check(CLI::IsMember({"text", "json"}).description(""))
        ->type_name("text|json");
    completion = app.add_subcommand("completion", "completion script for a shell");
    completion->add_option("shell", shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember(completion::shells()))
        ->type_name("");
    // For --vm: tasks for each layer of an object, so that its figures move.
    guest_load = app.add_subcommand("guest-load", "")->group("");
    guest_load->add_option("object", options.object)->required();
    app.require_subcommand(0, 1);
  }
};

Answer usage(std::string message, std::string help = "`scx-run --help`") {
  return {kExitUsage, "", fmt::format("scx-run: error[usage]: {}\n  help: {}\n", message, help)};
}

// Words that no option and no operand takes; the first decides.
Answer unexpected_words(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  const std::string word = words.empty() ? "" : words.front().substr(0, words.front().find('='));
  if (!word.starts_with('-')) return usage(fmt::format("unexpected word {}", quoted(word)));
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::string near(closest(word, {names.begin(), names.end()}));
  const std::string message = fmt::format("unknown option {}", quoted(word));
  return near.empty() ? usage(message) : usage(message, fmt::format("did you mean `{}`?", near));
}

// A command with a slip of the keyboard reads as an object's name.
std::optional<Answer> mistaken_command(const std::string& object) {
  std::error_code error;
  if (object.empty() || std::filesystem::exists(object, error) || error) return std::nullopt;
  const std::string_view near = closest(object, {"status", "explain", "completion"});
  if (near.empty()) return std::nullopt;
  return usage(fmt::format("no file and no command {}", quoted(object)),
               fmt::format("did you mean `scx-run {}`?", near));
}

// CLI11 says "The following argument was not expected: --x"; a known later part gets its name and reason.
std::optional<std::string> later_part(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    const std::string name = argument.substr(0, argument.find('='));
    for (std::string_view later : kLaterOptions)
      if (name == later) return fmt::format("`{}` is not available in this version", name);
  }
  if (!arguments.empty())
    for (std::string_view later : kLaterCommands)
      if (arguments.front() == later)
        return fmt::format("`scx-run {}` is not available in this version (a file of that name: `./{}`)",
                           later, later);
  return std::nullopt;
}

std::optional<std::string> contradiction(const Options& options) {
  if (options.object.empty()) return "which object? give the file that `scxc POLICY.scx -o OBJECT` wrote";
  if (options.control.interval.count() < 10) return "`--interval` must be 10ms at least";
  if (options.control.duration.has_value() && options.control.duration->count() == 0)
    return "`--duration` must be more than nothing";
  if (!options.topology.empty() && !options.vm.has_value() && !options.dry_run)
    return "`--topology` needs `--vm` or `--dry-run`: a scheduler runs on the machine as it is";
  return std::nullopt;
}

// Options of `scx-run OBJECT` before a command, which would not heed them.
std::optional<std::string> stray_option(const CLI::App& app) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  if (commands.empty()) return std::nullopt;
  for (const CLI::Option* option : app.get_options())
    if (option->count() > 0) {
      const std::vector<std::string>& names = option->get_lnames();
      const std::string what = names.empty() ? quoted(option->results().front()) + " before it"
                                             : fmt::format("`--{}`", names.front());
      return fmt::format("`scx-run {}` takes no {}", commands.front()->get_name(), what);
    }
  return std::nullopt;
}

std::string lower_first(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  while (!text.empty() && (text.back() == '.' || text.back() == '\n')) text.pop_back();
  return text;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  const std::map<std::string_view, double> units = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}};
  const auto it = units.find(unit);
  // A year is more than anyone means, and far below the end of the clock.
  constexpr double kMost = 365.0 * 24 * 3.6e6;
  if (error != std::errc{} || it == units.end() || !(value >= 0) || value * it->second > kMost)
    return make_error("`{}` is not a duration: write 500ms, 4s, 2m or 1h", text);
  return std::chrono::milliseconds(static_cast<int64_t>(value * it->second));
}

std::variant<Options, Answer> parse_command_line(const std::vector<std::string>& arguments) {
  if (std::optional<std::string> later = later_part(arguments)) return usage(*later);
  if (arguments == std::vector<std::string>{"help"}) return parse_command_line({"--help"});
  Line line;
  // CLI11 takes them from the back.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    line.app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return Answer{kExitOrderly, line.app.help(), ""};
  } catch (const CLI::CallForAllHelp&) {
    return Answer{kExitOrderly, line.app.help("", CLI::AppFormatMode::All), ""};
  } catch (const CLI::CallForVersion& version) {
    return Answer{kExitOrderly, std::string(version.what()) + "\n", ""};
  } catch (const CLI::ExtrasError&) {
    // The classic one: a value of --vm that does not touch it.
    for (size_t i = 0; i + 1 < arguments.size(); ++i)
      if (arguments[i] == "--vm" && !arguments[i + 1].starts_with('-') &&
          arguments[i + 1] != line.options.object)
        return usage(fmt::format("write the series of `--vm` behind `=`: `--vm={}`", arguments[i + 1]));
    return unexpected_words(line.app);
  } catch (const CLI::RequiredError&) {
    if (line.explain->parsed())
      return usage("explain which thread? give its id",
                   "`scx-run explain PID`; `ps -eLo lwp,comm` shows ids");
    return usage("completion for which shell?", "`scx-run completion bash`, `zsh` or `fish`");
  } catch (const CLI::Error& error) {
    return usage(lower_first(error.what()));
  }
  if (const std::optional<std::string> stray = stray_option(line.app); stray && !line.recover)
    return usage(*stray, fmt::format("`scx-run {} --help`", line.app.get_subcommands().front()->get_name()));
  if (line.completion->parsed()) return Answer{kExitOrderly, completion_script(line.shell), ""};
  Options options = line.options;
  if (line.recover) {
    if (arguments.size() > 1) return usage("`--recover` stands alone: it loads nothing");
    options.command = Command::kRecover;
    return options;
  }
  if (line.status->parsed()) {
    options.command = Command::kStatus;
    return options;
  }
  if (line.explain->parsed()) {
    options.command = Command::kExplain;
    options.json = line.format == "json";
    return options;
  }
  if (line.guest_load->parsed()) {
    options.command = Command::kGuestLoad;
    return options;
  }
  options.control.stats = kStats.at(line.stats);
  // Both were checked while parsing.
  options.control.interval = parse_duration(line.interval).value();
  if (!line.duration.empty()) options.control.duration = parse_duration(line.duration).value();
  if (line.app.count("--vm") > 0) options.vm = line.vm == "default" ? "" : line.vm;
  if (std::optional<std::string> wrong = contradiction(options)) return usage(*wrong);
  if (std::optional<Answer> mistaken = mistaken_command(options.object)) return *std::move(mistaken);
  return options;
}

std::string completion_script(std::string_view shell) {
  const completion::Known types = {
      {"SERIES", {.words = {std::begin(vm::kTestedSeries), std::end(vm::kTestedSeries)}}},
      {"SHAPE", {.words = {"1s4c1t", "2s2c2t", "2s4c2t"}, .files = {"*.xml"}}}};
  const completion::Known operands = {{"", {.files = {"*.bpf.o"}}},
                                      {"explain", {.processes = true}},
                                      {"completion", {.words = completion::shells()}}};
  return completion::script(completion::describe(Line().app, types, operands), shell);
}

}  // namespace scx::cli
