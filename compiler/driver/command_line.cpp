#include "compiler/driver/command_line.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/driver/version.h"
#include "runtime/base/closest.h"
#include "runtime/base/file.h"

namespace scx::driver {

namespace {

const std::map<std::string, Emit> kEmits = {{"c", Emit::kC}, {"obj", Emit::kObject}};
const std::map<std::string, Dump> kDumps = {{"tokens", Dump::kTokens}, {"ast", Dump::kAst},
                                            {"model", Dump::kModel},   {"c", Dump::kC},
                                            {"object", Dump::kObject}, {"manifest", Dump::kManifest}};
const std::map<std::string, Format> kFormats = {{"text", Format::kText}, {"json", Format::kJson}};
const std::map<std::string, Format> kLintFormats = {{"text", Format::kText},
                                                    {"json", Format::kJson},
                                                    {"sarif", Format::kSarif},
                                                    {"github", Format::kGithub},
                                                    {"junit", Format::kJunit}};
const std::map<std::string, Format> kVerifyFormats = {
    {"text", Format::kText}, {"json", Format::kJson}, {"markdown", Format::kMarkdown}};
const std::map<std::string, diag::Severity> kLevels = {{"error", diag::Severity::kError},
                                                       {"warning", diag::Severity::kWarning},
                                                       {"note", diag::Severity::kNote}};
const std::map<std::string, Color> kColors = {
    {"auto", Color::kAuto}, {"always", Color::kAlways}, {"never", Color::kNever}};

constexpr const char* kMainExamples = R"(Commands:
  scxc FILE              compile a policy (the default)
  scxc check FILE...     report errors, warnings and notes
  scxc lint FILE...      the same and rules of good policies, for CI
  scxc test FILE...      run the tests that a policy carries
  scxc explain CODE      what a diagnostic means and how to resolve it
  scxc explain FILE --task WORDS, scxc explain FILE --pid N
                         which layer a task goes to, and why
  scxc explain --cleanup FILE...
                         what each scope gives back, when and to whom
  scxc verify FILE...    whether kernels take the scheduler, and what loading it costs
  scxc completion SHELL  completion for bash, zsh or fish
`scxc COMMAND --help` tells more.

Examples:
  scxc web.scx                    writes web.bpf.o
  scxc web.scx -o sched.bpf.o
  scxc web.scx --emit=c -o -      the C text on standard output
  scxc web.scx --dump=model
  scxc check - <web.scx           `-` is standard input

Exit codes: 0 done, 1 the policy has errors or a failed test, 2 usage, 3 environment
)";
constexpr const char* kCheckExamples = R"(Examples:
  scxc check web.scx
  scxc check *.scx --format json
)";
constexpr const char* kLintExamples = R"(Folders stand for all policies (*.scx) in them and below.

Examples:
  scxc lint web.scx
  scxc lint policies/ --fail-on note
  scxc lint policies/ --format sarif >scxc.sarif

Exit codes: 0 nothing at the level of --fail-on or above, 1 findings, 2 usage, 3 environment
)";
constexpr const char* kTestExamples =
    R"(Each test runs on the reference classifier and on the emitted one, compiled for
this machine; they must agree.

Examples:
  scxc test web.scx
  scxc test web.scx --format json
)";
constexpr const char* kExplainExamples =
    R"(With --task or --pid the word is a policy: each layer that is asked for the
task, each test with what it reads, and the layer that takes it. WORDS are
KEY=VALUE,…: comm, leader-comm, cgroup, pid, tgid, ppid, uid, gid, nice, sched,
node, llc, gpu-thread, gpu-process; kthread, pinned, not-full, not-leader stand
alone. What is not named is as in a `test` block. --pid reads /proc; it cannot
see what GPUs a thread opened.
With --cleanup the words are policies: each scope, what it holds, the event that
takes it away and what is done then, by default or by a line of the policy.

Examples:
  scxc explain E0304
  scxc explain web.scx --task comm=nginx,cgroup=/web.slice,nice=-5
  scxc explain web.scx --pid 4711
  scxc explain --cleanup web.scx
  scxc explain --cleanup web.scx --format json
)";
constexpr const char* kVerifyExamples =
    R"(FILE is a policy or an object that scxc made. --host and --vm load it for real
and attach nothing: for each program instructions, what the verifier walked,
states, stack and time. --host needs root; --vm needs QEMU and nothing else.
--btf answers from BTF alone which kernels can take it, and which line of the
policy needs what they lack. Its words stand behind the policies: a file
(/sys/kernel/btf/vmlinux, a vmlinux, a kernel image), a folder of such files, or a
series; without a word every kernel that was fetched.
--budget compares the figures with bounds that --write-budget wrote; time is
shown and never bounded.

Examples:
  scxc verify web.scx --vm=6.18,7.3
  scxc verify web.scx --host --budget budget.json
  scxc verify web.scx --vm=6.18 --write-budget budget.json
  scxc verify web.scx --btf /sys/kernel/btf/vmlinux
  scxc verify examples/*.scx --btf --format markdown

Exit codes: 0 every kernel takes every policy within its budget, 1 not, 2 usage,
3 a kernel could not be asked
)";
constexpr const char* kCompletionExamples = R"(Examples:
  scxc completion bash > /usr/share/bash-completion/completions/scxc
  scxc completion zsh > "${fpath[1]}/_scxc"
  scxc completion fish > ~/.config/fish/completions/scxc.fish
)";

// An option whose values are the keys of a table: a wrong one lists them.
template <typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& target,
                        const std::map<std::string, T>& values, const std::string& description) {
  std::vector<std::string> words;
  for (const auto& [word, value] : values) words.push_back(word);
  return app
      .add_option_function<std::string>(
          name, [&target, &values](const std::string& word) { target = values.at(word); }, description)
      ->check(CLI::Validator(
          [&values, words](std::string& word) {
            if (values.count(word) != 0) return std::string();
            return fmt::format("`{}` is none of {}", word, fmt::join(words, ", "));
          },
          ""))
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

// CLI11's own help, with ours at its beginning and end.
class Formatter : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    const bool main = app->get_parent() == nullptr;
    return (main ? app->get_description()
                 : fmt::format("scxc {}: {}", app->get_name(), app->get_description())) +
           "\n";
  }
  std::string make_usage(const CLI::App* app, std::string) const override {
    if (app->get_parent() == nullptr)
      return "Usage: scxc [OPTIONS] FILE\n       scxc COMMAND [OPTIONS] ...\n";
    if (app->get_name() == "explain")
      return "Usage: scxc explain CODE\n       scxc explain FILE --task WORDS\n       scxc explain FILE "
             "--pid N\n"
             "       scxc explain --cleanup [OPTIONS] FILE...\n";
    const CLI::Option* operand =
        app->get_options([](const CLI::Option* o) { return o->get_positional(); }).front();
    return fmt::format("Usage: scxc {} [OPTIONS] {}{}\n", app->get_name(), operand->get_name(),
                       operand->get_items_expected_max() > 1 ? "..." : "");
  }
  // The usage line says it all.
  std::string make_positionals(const CLI::App*) const override { return ""; }
  std::string make_footer(const CLI::App* app) const override { return app->get_footer(); }
  // The commands stand in the footer with their operands.
  std::string make_subcommands(const CLI::App*, CLI::AppFormatMode) const override { return ""; }
};

void add_common(CLI::App& app, Options& options, const std::map<std::string, Format>& formats = kFormats) {
  add_choice(app, "--format", options.format, formats, "how diagnostics are written");
  add_choice(app, "--color", options.color, kColors, "color of text; NO_COLOR counts for auto");
  app.add_option("-I", options.include_dirs, "also allow includes from this folder")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--error-limit", options.error_limit, "errors listed of each file, 0 for all; default 20")
      ->type_name("N")
      ->check(CLI::Validator(
          [](std::string& word) {
            const bool number = !word.empty() && word.size() < 10 &&
                                word.find_first_not_of("0123456789") == std::string::npos;
            return number ? std::string() : fmt::format("`{}` is no number of errors", word);
          },
          ""));
  app.add_flag("--timings", options.timings, "time of each phase, on standard error");
}

struct Parser {
  Options options;
  CLI::App app{"scxc: compiles a CPU-scheduling policy to a sched_ext scheduler", "scxc"};
  CLI::App* check = nullptr;
  CLI::App* lint = nullptr;
  CLI::App* test = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* verify = nullptr;
  CLI::App* completion = nullptr;

  Parser() {
    app.formatter(std::make_shared<Formatter>());
    app.set_help_flag("-h,--help", "print this help");
    app.set_version_flag("--version", version_text(), "print the versions of scxc and of the clang in it");
    app.footer(kMainExamples);
    app.add_option("FILE", options.files, "the policy")->type_name("")->expected(0, 1);
    app.add_option("-o,--output", options.output, "output file, `-` for standard output; default NAME.bpf.o")
        ->type_name("FILE");
    add_choice(app, "--emit", options.emit, kEmits, "an object, or the C text that it is compiled from");
    add_choice(app, "--dump", options.dump, kDumps, "print what a phase gave, write no file");
    app.add_option("--templates", options.templates, "folder of BPF templates")->group("");
    add_common(app, options);

    check = add_command("check", "report errors, warnings and notes", kCheckExamples);
    check->add_option("FILE", options.files, "policies")->type_name("")->required();
    add_common(*check, options);

    lint = add_command("lint", "report errors, warnings, notes and findings of rules", kLintExamples);
    lint->add_option("FILE", options.files, "policies and folders")->type_name("")->required();
    add_choice(*lint, "--fail-on", options.fail_on, kLevels,
               "exit with 1 from this level on; default warning");
    add_common(*lint, options, kLintFormats);

    test = add_command("test", "run the tests that a policy carries", kTestExamples);
    test->add_option("FILE", options.files, "policies")->type_name("")->required();
    add_common(*test, options);

    explain = add_command("explain", "what a diagnostic means, or what a policy does", kExplainExamples);
    explain->add_option("CODE", options.files, "the code in brackets: E0304; without one: which there are")
        ->type_name("");
    explain->add_option("--task", options.task, "where such a task goes: comm=nginx,nice=-5")
        ->type_name("WORDS")
        ->allow_extra_args(false);
    explain->add_option("--pid", options.pid, "where this thread goes")->type_name("N");
    explain->add_flag("--cleanup", options.cleanup, "the cleanup table of policies");
    add_common(*explain, options);

    verify =
        add_command("verify", "whether kernels take a scheduler, and what loading it costs", kVerifyExamples);
    verify->add_option("FILE", options.files, "policies and objects")->type_name("")->required();
    add_verify_options(*verify);
    add_common(*verify, options, kVerifyFormats);

    completion = add_command("completion", "completion for a shell", kCompletionExamples);
    completion->add_option("SHELL", options.shell, "bash, zsh or fish")
        ->type_name("")
        ->required()
        ->check(CLI::Validator(
            [](std::string& word) {
              const bool known = word == "bash" || word == "zsh" || word == "fish";
              return known ? std::string() : fmt::format("`{}` is none of bash, fish, zsh", word);
            },
            ""));
  }

  CLI::App* add_command(const char* name, const char* description, const char* examples) {
    CLI::App* command = app.add_subcommand(name, description);
    command->set_help_flag("-h,--help", "print this help");
    command->footer(examples);
    return command;
  }

  void add_verify_options(CLI::App& command) {
    VerifyOptions& to = options.verify;
    command.add_flag("--host", to.host, "load on this machine");
    command.add_option("--vm", to.vm, "load in a virtual machine of each series: --vm=6.18,7.3")
        ->type_name("SERIES")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--btf", to.btf, "ask these kernels' BTF; no word: every kernel that was fetched")
        ->type_name("FILE|FOLDER|SERIES")
        ->expected(0, CLI::detail::expected_max_vector_size);
    command.add_option("--budget", to.budget, "bounds of the figures; beyond them the exit code is 1")
        ->type_name("FILE");
    command.add_option("--write-budget", to.write_budget, "write bounds: the figures and some room")
        ->type_name("FILE");
    command.add_option("--logs", to.logs, "folder for the verifier's whole logs of refused programs")
        ->type_name("DIR");
    command.add_flag("--programs", to.programs, "figures of each program, not only of all");
  }

  // Which of them was used.
  void set_command() {
    if (check->parsed()) options.command = Command::kCheck;
    if (lint->parsed()) options.command = Command::kLint;
    if (test->parsed()) options.command = Command::kTest;
    if (explain->parsed()) options.command = Command::kExplain;
    if (verify->parsed()) options.command = Command::kVerify;
    options.verify.asks_btf = verify->count("--btf") > 0;
    std::erase(options.verify.btf, "");  // `--btf` without a word
    if (completion->parsed()) options.command = Command::kCompletion;
  }
};

Answer usage(const std::string& message) {
  return {kExitUsage, "", fmt::format("error: {}\nhelp: `scxc --help` shows what there is\n", message)};
}

// Words that no option and no operand takes.
Answer unexpected_words(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  const std::string word = words.empty() ? "" : words.front();
  if (word.rfind('-', 0) != 0) return usage(fmt::format("unexpected word {}", scx::quoted(word)));
  std::vector<std::string_view> known;
  const CLI::App* used = &app;
  for (const CLI::App* command : app.get_subcommands()) used = command;
  std::vector<std::string> names;
  for (const CLI::Option* option : used->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  known.assign(names.begin(), names.end());
  const std::string_view near = closest(word, known);
  Answer answer = usage(fmt::format("unknown option {}", scx::quoted(word)));
  if (!near.empty())
    answer.error =
        fmt::format("error: unknown option {}\nhelp: did you mean `{}`?\n", scx::quoted(word), near);
  return answer;
}

std::string missing_operand(const Parser& parser) {
  if (parser.completion->parsed()) return "no shell given";
  return "no policy given";
}

// A first word that is nearly a command's name and no file: it was meant as one.
std::string meant_command(const Parser& parser, const std::string& word) {
  std::error_code ignored;
  if (word.find_first_of("./-") != std::string::npos || std::filesystem::exists(word, ignored)) return "";
  std::vector<std::string> names;
  for (const CLI::App* command : parser.app.get_subcommands({})) names.push_back(command->get_name());
  for (const std::string_view planned : planned_commands()) names.emplace_back(planned);
  if (std::find(names.begin(), names.end(), word) != names.end()) return "";
  return std::string(closest(word, std::vector<std::string_view>(names.begin(), names.end())));
}

// CLI11 begins its messages with a capital or an option's name.
std::string in_our_style(std::string message) {
  if (message.rfind("FILE: At Most", 0) == 0) return "one policy at a time";
  if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1])) != 0) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  return message;
}

// `scxc explain CODE` reads no policy.
std::string without_policy(const Options& options) {
  if (options.files.size() > 1) return "one code at a time";
  if (options.format != Format::kText) return "`--format json` needs `--task`, `--pid` or `--cleanup`";
  return "";
}

// A policy behind `--btf` reads as one of its words.
std::string contradiction_of_verify(const VerifyOptions& options) {
  for (const std::string& word : options.btf)
    if (word.ends_with(".scx") || word.ends_with(".bpf.o"))
      return fmt::format("{} stands behind `--btf`, where its words are: policies come before",
                         scx::quoted(word));
  if (!options.host && options.vm.empty() && !options.asks_btf)
    return "which kernels? `--host`, `--vm=SERIES,...` or `--btf [FILE...]`";
  const bool loads = options.host || !options.vm.empty();
  if (!loads && !options.budget.empty()) return "`--budget` needs `--host` or `--vm`: BTF has no figures";
  if (!loads && !options.write_budget.empty())
    return "`--write-budget` needs `--host` or `--vm`: BTF has no figures";
  if (!loads && !options.logs.empty()) return "`--logs` needs `--host` or `--vm`: BTF has no log";
  return "";
}

// The line fits its own rules, beyond what CLI11 checks.
std::string contradiction(const Options& options) {
  if (!options.task.empty() && options.pid) return "`--task` and `--pid` exclude each other";
  if (options.cleanup && options.explains_task()) return "`--cleanup` goes without a task";
  if (options.explains_task() && options.files.size() > 1) return "one policy at a time";
  if (options.command == Command::kExplain && !options.cleanup && !options.explains_task())
    return without_policy(options);
  if (options.command == Command::kExplain && options.files.empty()) return "no policy given";
  if (options.command == Command::kVerify)
    if (const std::string wrong = contradiction_of_verify(options.verify); !wrong.empty()) return wrong;
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) return "`-` is standard input, once";
  if (options.command != Command::kCompile) return "";
  if (options.files.empty()) return "no policy given";
  if (options.dump != Dump::kNone && !options.output.empty())
    return "`--dump` writes no file, `-o` cannot go with it";
  if (options.dump != Dump::kNone && options.emit == Emit::kC)
    return "`--dump` and `--emit` exclude each other";
  return "";
}

}  // namespace

const std::vector<std::string_view>& planned_commands() {
  static const std::vector<std::string_view> commands = {"fmt", "diff", "draw", "topology", "import", "lsp"};
  return commands;
}

std::variant<Options, Answer> parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return usage("no policy given");
  const auto& planned = planned_commands();
  if (std::find(planned.begin(), planned.end(), arguments.front()) != planned.end()) {
    return Answer{kExitUsage, "",
                  fmt::format("error: `scxc {}` is not implemented yet\n", arguments.front())};
  }
  if (arguments.front() == "help" && arguments.size() <= 2) {
    std::vector<std::string> asked(arguments.begin() + 1, arguments.end());
    asked.emplace_back("--help");
    return parse_command_line(asked);
  }
  Parser parser;
  if (const std::string meant = meant_command(parser, arguments.front()); !meant.empty())
    return Answer{kExitUsage, "",
                  fmt::format("error: no command {}\nhelp: did you mean `scxc {}`?\n",
                              scx::quoted(arguments.front()), meant)};
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    parser.app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    // The help of the command that it was asked of.
    const CLI::App* asked = &parser.app;
    for (const CLI::App* command : parser.app.get_subcommands()) asked = command;
    return Answer{kExitOk, asked->help(), ""};
  } catch (const CLI::CallForVersion&) {
    return Answer{kExitOk, version_text() + "\n", ""};
  } catch (const CLI::ExtrasError&) {
    return unexpected_words(parser.app);
  } catch (const CLI::RequiredError&) {
    return usage(missing_operand(parser));
  } catch (const CLI::ParseError& error) {
    return usage(in_our_style(error.what()));
  }
  parser.set_command();
  const std::string wrong = contradiction(parser.options);
  if (!wrong.empty()) return usage(wrong);
  if (parser.options.command == Command::kExplain && !parser.options.cleanup &&
      !parser.options.explains_task())
    parser.options.code = parser.options.files.empty() ? "" : parser.options.files.front();
  return parser.options;
}

Completion completions() {
  Parser parser;
  Completion result;
  for (const CLI::App* command : parser.app.get_subcommands({}))
    result.commands.push_back(command->get_name());
  const auto add_options = [&](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames())
        if (std::find(result.options.begin(), result.options.end(), "--" + name) == result.options.end())
          result.options.push_back("--" + name);
    }
  };
  add_options(parser.app);
  for (const CLI::App* command : parser.app.get_subcommands({})) add_options(*command);
  return result;
}

}  // namespace scx::driver
