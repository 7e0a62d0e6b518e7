// Completion scripts, made from the same description that parses the line.
#include <fmt/ranges.h>

#include "runtime/cli/command_line.h"

namespace scx::cli {
namespace {

std::string bash(const Words& words) {
  return fmt::format(R"(# bash completion of scx-run
_scx_run() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
    case $previous in
        --stats) COMPREPLY=($(compgen -W "table json none" -- "$current")); return ;;
        --format) COMPREPLY=($(compgen -W "text json" -- "$current")); return ;;
        explain) COMPREPLY=($(cd /proc && compgen -G "$current[0-9]*")); return ;;
        --interval|--duration) COMPREPLY=($(compgen -W "1s 5s 10s 1m" -- "$current")); return ;;
        --topology) COMPREPLY=($(compgen -W "1s4c1t 2s2c2t 2s4c2t" -- "$current") $(compgen -f -X '!*.xml' -- "$current")); return ;;
        completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")); return ;;
    esac
    case $current in
        -*) COMPREPLY=($(compgen -W "{}" -- "$current")) ;;
        *) COMPREPLY=($(compgen -W "{}" -- "$current") $(compgen -f -- "$current")) ;;
    esac
}}
complete -o filenames -F _scx_run scx-run
)",
                     fmt::join(words.options, " "), fmt::join(words.commands, " "));
}

std::string zsh(const Words& words) {
  std::string options;
  for (const std::string& option : words.options) {
    if (option == "--stats")
      options += " '--stats[form of the figures]:form:(table json none)'";
    else if (option == "--format")
      options += " '--format[form of the explanation]:form:(text json)'";
    else if (option == "--verifier-log")
      options += " '--verifier-log[file for the log]:file:_files'";
    else if (option == "--topology" || option == "--interval" || option == "--duration")
      options += fmt::format(" '{}[]:value: '", option);
    else
      options += fmt::format(" '{}'", option);
  }
  return fmt::format(R"(#compdef scx-run
_arguments{} '1:object:_files -g "*.o"' '*:command:({})'
)",
                     options, fmt::join(words.commands, " "));
}

std::string fish(const Words& words) {
  std::string text = "# fish completion of scx-run\n";
  for (const std::string& command : words.commands)
    text += fmt::format("complete -c scx-run -n __fish_use_subcommand -a {}\n", command);
  for (const std::string& option : words.options) {
    const std::string name = option.substr(2);
    if (name == "stats")
      text += "complete -c scx-run -l stats -x -a 'table json none'\n";
    else if (name == "format")
      text += "complete -c scx-run -l format -x -a 'text json'\n";
    else if (name == "verifier-log")
      text += "complete -c scx-run -l verifier-log -r\n";
    else if (name == "topology" || name == "interval" || name == "duration")
      text += fmt::format("complete -c scx-run -l {} -x\n", name);
    else
      text += fmt::format("complete -c scx-run -l {}\n", name);
  }
  text += "complete -c scx-run -n '__fish_seen_subcommand_from explain' -x -a '(__fish_complete_pids)'\n";
  text += "complete -c scx-run -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'\n";
  return text;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  const Words words = completion_words();
  if (shell == "bash") return bash(words);
  if (shell == "zsh") return zsh(words);
  if (shell == "fish") return fish(words);
  return "";
}

}  // namespace scx::cli
