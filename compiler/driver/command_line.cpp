#include "compiler/driver/command_line.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/driver/help_texts.h"
#include "compiler/driver/objections.h"
#include "compiler/driver/verify.h"
#include "compiler/driver/version.h"
#include "runtime/base/closest.h"
#include "runtime/base/file.h"
#include "runtime/completion/description.h"

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

// An option whose values are the keys of a table: a wrong one lists them.
template <typename Target, typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Target& target,
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
    if (app->get_name() == "diff") return "Usage: scxc diff [OPTIONS] OLD NEW\n";
    if (app->get_name() == "explain")
      return "Usage: scxc explain CODE\n       scxc explain FILE --task WORDS\n       scxc explain FILE "
             "--pid PID\n"
             "       scxc explain FILE --layer NAME\n"
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

// `compiles`: the command reads includes and runs phases.
void add_common(CLI::App& app, Options& options, const std::map<std::string, Format>& formats = kFormats,
                bool compiles = true) {
  add_choice(app, "--format", options.format, formats, "how diagnostics are written");
  add_choice(app, "--color", options.color, kColors, "color of text; NO_COLOR counts for auto");
  if (compiles)
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
  if (compiles) app.add_flag("--timings", options.timings, "time of each phase, on standard error");
}

void add_hosts(CLI::App& app, Options& options) {
  app.add_option("--host", options.hosts,
                 "also whether they fit this machine: an hwloc file, 2n4c2t, live; can be repeated")
      ->type_name("MACHINE")
      ->allow_extra_args(false);
}

struct Parser {
  Options options;
  CLI::App app{"scxc: compiles a CPU-scheduling policy to a sched_ext scheduler", "scxc"};
  CLI::App* check = nullptr;
  CLI::App* lint = nullptr;
  CLI::App* fmt = nullptr;
  CLI::App* test = nullptr;
  CLI::App* diff = nullptr;
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

    add_check_command();
    add_lint_command();
    add_fmt_command();
    add_test_command();
    add_diff_command();
    add_explain_command();
    add_verify_command();
    add_completion_command();
  }

  void add_check_command() {
    check = add_command("check", "report errors, warnings and notes", kCheckExamples);
    check->add_option("FILE", options.files, "policies and folders")->type_name("")->required();
    add_hosts(*check, options);
    add_common(*check, options);
  }

  void add_lint_command() {
    lint = add_command("lint", "report errors, warnings, notes and findings of rules", kLintExamples);
    lint->add_option("FILE", options.files, "policies and folders")->type_name("");
    add_choice(*lint, "--fail-on", options.fail_on, kLevels,
               "exit with 1 from this level on; default warning");
    lint->add_flag("--fix", options.fix, "make the fixes that are safe, then report what is left");
    lint->add_flag("--fix-guesses", options.fix_guesses, "with --fix: also what may have been meant");
    lint->add_option("--config", options.config, "these settings, not the `.scxlint` of each policy's folder")
        ->type_name("FILE");
    add_hosts(*lint, options);
    lint->add_flag("--rules", options.list_rules, "list the rules and their levels");
    lint->add_flag("--schema", options.schema, "print the JSON schema of a line of --format json");
    add_common(*lint, options, kLintFormats);
  }

  void add_fmt_command() {
    fmt = add_command("fmt", "lay policies out in the one way", kFmtExamples);
    fmt->add_option("FILE", options.files, "policies and folders")->type_name("")->required();
    fmt->add_flag("--check", options.only_check, "write nothing, list what would change");
    fmt->add_flag("--diff", options.diff, "write nothing, print what would change");
    add_common(*fmt, options, kFormats, false);
  }

  void add_test_command() {
    test = add_command("test", "run the tests that a policy carries", kTestExamples);
    test->add_option("FILE", options.files, "policies and folders")->type_name("")->required();
    test->add_flag("--coverage", options.coverage, "also tell which layers, matchers and tests they show");
    test->add_option("--coverage-at-least", options.coverage_at_least,
                     "the same, and exit with 1 if they reach fewer layers")
        ->type_name("PERCENT")
        ->check(CLI::Validator(
            [](std::string& word) {
              const bool number = !word.empty() && word.size() < 4 &&
                                  word.find_first_not_of("0123456789") == std::string::npos;
              return number && std::stoi(word) <= 100 ? std::string()
                                                      : fmt::format("`{}` is no percentage", word);
            },
            ""));
    test->add_flag("--generate", options.generate, "write tests that the policy lacks instead");
    add_common(*test, options);
  }

  void add_diff_command() {
    diff = add_command("diff", "what a change of a policy means", kDiffExamples);
    diff->add_option("FILE", options.files, "the old policy and the new one")->type_name("")->required();
    add_common(*diff, options);
  }

  void add_explain_command() {
    explain = add_command("explain", "what a diagnostic means, or what a policy does", kExplainExamples);
    explain->add_option("CODE", options.files, "the code in brackets: E0304; without one: which there are")
        ->type_name("");
    explain->add_option("--task", options.task, "where such a task goes: comm=nginx,nice=-5")
        ->type_name("WORDS")
        ->allow_extra_args(false);
    explain->add_option("--pid", options.pid, "where this thread goes")
        ->type_name("PID")
        ->check(CLI::Validator(
            [](std::string& word) {
              const bool number = word.size() < 10 &&
                                  word.find_first_not_of("0123456789") == std::string::npos &&
                                  word.find_first_not_of('0') != std::string::npos;
              return number ? std::string() : fmt::format("`{}` is no thread's id", word);
            },
            ""));
    explain->add_option("--layer", options.layer, "this layer of the policy")
        ->check(CLI::Validator(
            [](std::string& word) {
              return word.empty() ? std::string("no layer is named \"\"") : std::string();
            },
            ""))
        ->type_name("NAME");
    explain->add_option("--host", options.host, "and which CPUs that are on this machine")
        ->type_name("MACHINE");
    explain->add_flag("--cleanup", options.cleanup, "the cleanup table of policies");
    add_common(*explain, options);
  }

  void add_verify_command() {
    verify =
        add_command("verify", "whether kernels take a scheduler, and what loading it costs", kVerifyExamples);
    verify->add_option("FILE", options.files, "policies and objects")->type_name("")->required();
    add_verify_options(*verify);
    add_common(*verify, options, kVerifyFormats);
  }

  void add_completion_command() {
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

  // An option of compiling, or a policy to compile, in the line of a command.
  std::string stray_option() const {
    if (app.get_subcommands().empty()) return "";
    for (const char* name : {"--output", "--emit", "--dump", "--templates"})
      if (app.count(name) != 0) return name;
    return app.count("FILE") != 0 ? app.get_option("FILE")->results().front() : "";
  }

  // Which of them was used.
  void set_command() {
    if (check->parsed()) options.command = Command::kCheck;
    if (lint->parsed()) options.command = Command::kLint;
    if (fmt->parsed()) options.command = Command::kFmt;
    if (test->parsed()) options.command = Command::kTest;
    options.coverage = options.coverage || test->count("--coverage-at-least") != 0;
    if (diff->parsed()) options.command = Command::kDiff;
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

// The command that the line names, or the program itself.
const CLI::App* used_app(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (const CLI::App* command : app.get_subcommands({}))
    if (std::find(arguments.begin(), arguments.end(), command->get_name()) != arguments.end()) return command;
  return &app;
}

// The first long option that the command does not have: misspelt, it would be told as what comes of it.
std::optional<Answer> unknown_option(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* used = used_app(app, arguments);
  std::vector<std::string> names;
  for (const CLI::App* one : {used, &app})
    for (const CLI::Option* option : one->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument.size() < 3 || argument.rfind("--", 0) != 0) continue;
    const std::string word = argument.substr(0, argument.find('='));
    if (std::find(names.begin(), names.end(), word) != names.end()) continue;
    Answer answer = usage(fmt::format("unknown option {}", scx::quoted(word)));
    const std::string_view near = closest(word, std::vector<std::string_view>(names.begin(), names.end()));
    if (!near.empty())
      answer.error =
          fmt::format("error: unknown option {}\nhelp: did you mean `{}`?\n", scx::quoted(word), near);
    return answer;
  }
  return std::nullopt;
}

// Words that no option and no operand takes.
Answer unexpected_words(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  const std::string word = words.empty() ? "" : words.front();
  if (word.rfind('-', 0) == 0) return usage(fmt::format("unknown option {}", scx::quoted(word)));
  return usage(fmt::format("unexpected word {}", scx::quoted(word)));
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

}  // namespace

const std::vector<std::string_view>& planned_commands() {
  static const std::vector<std::string_view> commands = {"draw", "topology", "import", "lsp"};
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
  if (const std::optional<Answer> unknown = unknown_option(parser.app, arguments)) return *unknown;
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
  if (const std::string stray = parser.stray_option(); !stray.empty())
    return usage(fmt::format("`{}` goes without a command", stray));
  const std::string wrong = objection(parser.options);
  if (!wrong.empty()) return usage(wrong);
  if (parser.options.command == Command::kExplain && !parser.options.explains_policy())
    parser.options.code = parser.options.files.empty() ? "" : parser.options.files.front();
  return parser.options;
}

std::string completion_script(std::string_view shell) {
  using completion::Values;
  const std::vector<std::string> series = tested_series();
  const completion::Known types = {{"MACHINE", {.words = {"live"}, .files = {"*.xml"}}},
                                   {"SERIES", {.words = series}},
                                   {"FILE|FOLDER|SERIES", {.words = series, .files = {"*"}}},
                                   {"PID", {.processes = true}}};
  const Values policies{.files = {"*.scx"}};
  Values explained = policies;
  for (const diag::KindInfo& kind : diag::all_kinds()) explained.words.emplace_back(kind.code);
  const completion::Known operands = {{"", policies},
                                      {"check", policies},
                                      {"lint", policies},
                                      {"fmt", policies},
                                      {"test", policies},
                                      {"diff", policies},
                                      {"explain", explained},
                                      {"verify", {.files = {"*.scx", "*.bpf.o"}}},
                                      {"completion", {.words = completion::shells()}}};
  return completion::script(completion::describe(Parser().app, types, operands), shell);
}

}  // namespace scx::driver
