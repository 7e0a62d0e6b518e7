#include "runtime/completion/description.h"

#include <sstream>

#include <CLI/CLI.hpp>

namespace scx::completion {
namespace {

// `text|json`
std::vector<std::string> alternatives(const std::string& type) {
  std::vector<std::string> out;
  if (type.find('|') == std::string::npos) return out;
  std::istringstream words(type);
  for (std::string word; std::getline(words, word, '|');) out.push_back(word);
  return out;
}

Values values_of(const std::string& type, const Known& types) {
  if (const auto known = types.find(type); known != types.end()) return known->second;
  if (type == "FILE") return {.files = {"*"}};
  if (type == "DIR") return {.folders = true};
  return {.words = alternatives(type)};
}

std::vector<Option> options_of(const CLI::App& app, const Known& types) {
  std::vector<Option> out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || option->get_positional()) continue;
    Option& one = out.emplace_back();
    for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) one.names.push_back("-" + name);
    one.values = values_of(option->get_type_name(), types);
    // CLI11 keeps a flag that may have a value as one without.
    one.only_attached = option->get_items_expected_max() == 0 && one.values != Values{};
    one.takes_value = option->get_items_expected_max() != 0 || one.only_attached;
  }
  return out;
}

Command command_of(const CLI::App& app, const std::string& name, const Known& types, const Known& operands) {
  const auto known = operands.find(name);
  return {name, options_of(app, types), known == operands.end() ? Values{} : known->second};
}

}  // namespace

Program describe(const CLI::App& app, const Known& types, const Known& operands) {
  Program out{app.get_name(), {command_of(app, "", types, operands)}};
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    out.commands.push_back(command_of(*command, command->get_name(), types, operands));
  return out;
}

}  // namespace scx::completion
