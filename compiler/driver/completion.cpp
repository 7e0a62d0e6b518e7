#include "compiler/driver/completion.h"

#include <fmt/format.h>

#include "compiler/driver/command_line.h"

namespace scx::driver {

namespace {

// `@commands@` and `@options@` stand for the words.
constexpr std::string_view kBash = R"(# bash completion for scxc
_scxc() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  case $previous in
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    -o | --output) COMPREPLY=($(compgen -f -- "$word")); return ;;
    -I) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "@options@ -o -I" -- "$word"))
  else
    COMPREPLY=($(compgen -f -X '!*.scx' -- "$word") $(compgen -d -- "$word"))
    if ((COMP_CWORD == 1)); then
      COMPREPLY+=($(compgen -W "@commands@" -- "$word"))
    fi
  fi
}
complete -o filenames -F _scxc scxc
)";
constexpr std::string_view kZsh = R"(#compdef scxc
_scxc() {
  case $words[CURRENT-1] in
    completion) compadd bash zsh fish; return ;;
    -o | --output) _files; return ;;
    -I) _files -/; return ;;
  esac
  if [[ $words[CURRENT] == -* ]]; then
    compadd -- @options@ -o -I
  else
    ((CURRENT == 2)) && compadd @commands@
    _files -g '*.scx'
  fi
}
_scxc "$@"
)";
constexpr std::string_view kFish = R"(# fish completion for scxc
complete -c scxc -n __fish_use_subcommand -f -a "@commands@"
complete -c scxc -n "__fish_seen_subcommand_from completion" -f -a "bash zsh fish"
complete -c scxc -s o -r -d "output file"
complete -c scxc -s I -r -d "folder of includes"
)";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string completion_script(std::string_view shell) {
  const Completion words = completions();
  std::string script(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
  if (shell == "fish") {
    for (const std::string& option : words.options) {
      script += fmt::format("complete -c scxc -l {}\n", option.substr(2));
    }
  }
  replace_all(script, "@commands@", fmt::format("{}", fmt::join(words.commands, " ")));
  replace_all(script, "@options@", fmt::format("{}", fmt::join(words.options, " ")));
  return script;
}

}  // namespace scx::driver
