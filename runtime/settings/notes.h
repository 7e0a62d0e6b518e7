// What people are told about settings: sentences, of one kind of event each,
// with all CPUs that it concerns. Returned to the caller, who prints them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/settings/setting.h"

namespace scx::settings {

struct Note {
  bool warning = false;  // else only worth knowing
  std::string text;
  bool operator==(const Note&) const = default;
};
using Notes = std::vector<Note>;

// Gathers what happened to single settings; a thousand CPUs make one sentence.
class Gathered {
 public:
  // A kind and a value or a cause.
  using Key = std::pair<Kind, std::string>;

  void restored(Setting setting, const std::string& value) { add(restored_, setting, value); }
  // Somebody else has set it since: it stays.
  void left(Setting setting, const std::string& value) { add(left_, setting, value); }
  // It cannot be read, understood or changed. Without a cause: there is no such file.
  void refused(Setting setting, const std::string& cause) { add(refused_, setting, cause); }
  // It cannot be put back: `value` is what somebody has to write.
  void stuck(Setting setting, const std::string& value, const std::string& cause);

  // Leaves out refusals for causes that are in `told` and adds the others to it.
  void tell_once(std::set<Key>& told);
  void forget_restored() { restored_.clear(); }
  // How many were restored, and how many could not be.
  [[nodiscard]] size_t restored_count() const;
  [[nodiscard]] size_t stuck_count() const { return stuck_.size(); }
  [[nodiscard]] Notes notes() const;

 private:
  using Table = std::map<Key, std::vector<uint32_t>>;
  static void add(Table& table, Setting setting, const std::string& text) {
    table[{setting.kind, text}].push_back(setting.index);
  }
  Table restored_, left_, refused_;
  Notes stuck_;
};

}  // namespace scx::settings
