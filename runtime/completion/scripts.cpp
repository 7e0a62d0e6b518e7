// The scripts are alike: which command the line has, then what its last option
// takes, else options or operands of the command. In bash and zsh those are
// cases of "COMMAND OPTION"; fish has a rule for each.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/completion/description.h"

namespace scx::completion {
namespace {

std::string name_of_function(const Program& program) {
  std::string out = "_" + program.name;
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::vector<std::string> names_of(const Command& command) {
  std::vector<std::string> out;
  for (const Option& option : command.options)
    out.insert(out.end(), option.names.begin(), option.names.end());
  return out;
}

std::vector<std::string> commands_of(const Program& program) {
  std::vector<std::string> out;
  for (size_t i = 1; i < program.commands.size(); ++i) out.push_back(program.commands[i].name);
  return out;
}

// Forgets the last word if its value would touch it; empty if there is no such option.
std::string attached_rule(const Program& program) {
  std::vector<std::string> names;
  for (const Command& command : program.commands)
    for (const Option& option : command.options)
      if (option.only_attached) names.insert(names.end(), option.names.begin(), option.names.end());
  if (names.empty()) return "";
  return fmt::format("  else\n    case $option in {}) option= ;; esac\n", fmt::join(names, "|"));
}

// Cases of the shell's with the same values stand together, in the order of the first of each.
class Cases {
 public:
  void add(const std::string& pattern, const Values& values) {
    const auto same =
        std::find_if(cases_.begin(), cases_.end(), [&](const Case& one) { return one.values == values; });
    Case& one = same == cases_.end() ? cases_.emplace_back(Case{values, {}}) : *same;
    one.patterns.push_back(fmt::format("\"{}\"", pattern));
  }

  // `end` is what a case does besides proposing: `return`, or nothing.
  template <typename Answer>
  [[nodiscard]] std::string text(std::string_view indent, const Answer& answer, const char* end) const {
    std::string out;
    for (const Case& one : cases_) {
      std::vector<std::string> steps = answer(one.values);
      if (*end != '\0') steps.emplace_back(end);
      if (steps.empty()) continue;
      out +=
          fmt::format("{0}{1})\n{0}  {2} ;;\n", indent, fmt::join(one.patterns, "|"), fmt::join(steps, "; "));
    }
    return out;
  }

 private:
  struct Case {
    Values values;
    std::vector<std::string> patterns;
  };
  std::vector<Case> cases_;
};

Cases value_cases(const Program& program) {
  Cases out;
  for (const Command& command : program.commands)
    for (const Option& option : command.options)
      for (const std::string& name : option.names)
        if (option.takes_value) out.add(command.name + " " + name, option.values);
  return out;
}

Cases option_cases(const Program& program) {
  Cases out;
  for (const Command& command : program.commands) out.add(command.name, {.words = names_of(command)});
  return out;
}

Cases operand_cases(const Program& program) {
  Cases out;
  for (const Command& command : program.commands) out.add(command.name, command.operands);
  return out;
}

using Steps = std::vector<std::string>;

Steps bash_answer(const Values& values) {
  Steps parts;
  if (!values.words.empty())
    parts.push_back(fmt::format("compgen -W \"{}\" -- \"$word\"", fmt::join(values.words, " ")));
  for (const std::string& pattern : values.files)
    parts.push_back(pattern == "*" ? "compgen -f -- \"$word\""
                                   : fmt::format("compgen -f -X '!{}' -- \"$word\"", pattern));
  const bool any_file = std::count(values.files.begin(), values.files.end(), "*") != 0;
  if (values.folders || (!values.files.empty() && !any_file)) parts.emplace_back("compgen -d -- \"$word\"");
  if (values.processes) parts.emplace_back("cd /proc && compgen -G \"$word*\" -X '*[!0-9]*'");
  if (parts.empty()) return {};
  Steps out;
  if (values.folders || !values.files.empty()) out.emplace_back("compopt -o filenames 2>/dev/null");
  out.push_back(fmt::format("mapfile -t COMPREPLY < <({})", fmt::join(parts, "; ")));
  return out;
}

std::string bash(const Program& program) {
  const std::string name = name_of_function(program);
  return fmt::format(
      R"(# bash completion of {program}
{name}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD-1]}} command= i
  # An option, `=` and its value come as three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $option == = ]]; then
    option=${{COMP_WORDS[COMP_CWORD-2]}}
{attached}  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in {commands}) command=${{COMP_WORDS[i]}}; break ;; esac
  done
  COMPREPLY=()
  case "$command $option" in
{values}  esac
  if [[ $word == -* ]]; then
    case $command in
{options}    esac
  else
    case $command in
{operands}    esac
    ((COMP_CWORD > 1)) || mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W "{words}" -- "$word")
  fi
}}
complete -F {name} {program}
)",
      fmt::arg("program", program.name), fmt::arg("name", name), fmt::arg("attached", attached_rule(program)),
      fmt::arg("commands", fmt::join(commands_of(program), "|")),
      fmt::arg("words", fmt::join(commands_of(program), " ")),
      fmt::arg("values", value_cases(program).text("    ", bash_answer, "return")),
      fmt::arg("options", option_cases(program).text("      ", bash_answer, "")),
      fmt::arg("operands", operand_cases(program).text("      ", bash_answer, "")));
}

Steps zsh_answer(const Values& values) {
  Steps out;
  if (!values.words.empty()) out.push_back(fmt::format("compadd -- {}", fmt::join(values.words, " ")));
  for (const std::string& pattern : values.files) out.push_back(fmt::format("_files -g '{}'", pattern));
  if (values.folders) out.emplace_back("_files -/");
  if (values.processes) out.emplace_back("_pids");
  return out;
}

std::string zsh(const Program& program) {
  const std::string name = name_of_function(program);
  return fmt::format(
      R"(#compdef {program}
{name}() {{
  local option=$words[CURRENT-1] command= word
  for word in $words[2,CURRENT-1]; do
    case $word in {commands}) command=$word; break ;; esac
  done
  if [[ $words[CURRENT] == --*=* ]]; then
    option=${{words[CURRENT]%%=*}}
    compset -P '*='
{attached}  fi
  case "$command $option" in
{values}  esac
  if [[ $words[CURRENT] == -* ]]; then
    case $command in
{options}    esac
  else
    case $command in
{operands}    esac
    ((CURRENT > 2)) || compadd -- {words}
  fi
}}
{name} "$@"
)",
      fmt::arg("program", program.name), fmt::arg("name", name), fmt::arg("attached", attached_rule(program)),
      fmt::arg("commands", fmt::join(commands_of(program), "|")),
      fmt::arg("words", fmt::join(commands_of(program), " ")),
      fmt::arg("values", value_cases(program).text("    ", zsh_answer, "return")),
      fmt::arg("options", option_cases(program).text("      ", zsh_answer, "")),
      fmt::arg("operands", operand_cases(program).text("      ", zsh_answer, "")));
}

// `-x`: what is proposed and no files; `-r`: files too.
std::string fish_answer(const Values& values) {
  std::vector<std::string> parts = values.words;
  bool any_file = false;
  for (const std::string& pattern : values.files)
    if (pattern == "*")
      any_file = true;
    else
      parts.push_back(fmt::format("(__fish_complete_suffix {})", pattern.substr(1)));
  if (values.folders) parts.emplace_back("(__fish_complete_directories)");
  if (values.processes) parts.emplace_back("(__fish_complete_pids)");
  const std::string list = parts.empty() ? "" : fmt::format(" -a '{}'", fmt::join(parts, " "));
  return (any_file ? " -r -F" : " -x") + list;
}

std::string fish(const Program& program) {
  const std::string commands = fmt::format("{}", fmt::join(commands_of(program), " "));
  std::string out = fmt::format("# fish completion of {0}\ncomplete -c {0} -f\n", program.name) +
                    fmt::format("complete -c {} -n __fish_use_subcommand -a '{}'\n", program.name, commands);
  for (const Command& command : program.commands) {
    const std::string rule =
        fmt::format("complete -c {} -n {}", program.name,
                    command.name.empty() ? fmt::format("'not __fish_seen_subcommand_from {}'", commands)
                                         : fmt::format("'__fish_seen_subcommand_from {}'", command.name));
    if (command.operands != Values{}) out += rule + fish_answer(command.operands) + "\n";
    for (const Option& option : command.options) {
      out += rule;
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      // fish knows no value that must touch its option: the word behind a space is none of it.
      if (option.takes_value && !option.only_attached) out += fish_answer(option.values);
      out += "\n";
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> shells() { return {"bash", "zsh", "fish"}; }

std::string script(const Program& program, std::string_view shell) {
  if (shell == "bash") return bash(program);
  if (shell == "zsh") return zsh(program);
  if (shell == "fish") return fish(program);
  return "";
}

}  // namespace scx::completion
