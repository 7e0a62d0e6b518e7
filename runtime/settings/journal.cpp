#include "runtime/settings/journal.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "runtime/base/refusal.h"

namespace scx::settings {
namespace {

constexpr std::string_view kMagic = "scx-settings";
constexpr std::string_view kVersion = "1";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t from = 0; from <= line.size();) {
    const size_t end = std::min(line.find(' ', from), line.size());
    words.push_back(line.substr(from, end - from));
    from = end + 1;
  }
  return words;
}

template <typename T>
bool read_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<Owner> read_owner(std::string_view line) {
  const auto words = words_of(line);
  Owner owner;
  if (words.size() != 5 || words[0] != kMagic || words[1] != kVersion || words[2].empty() ||
      !read_number(words[3], owner.pid) || owner.pid <= 0 || !read_number(words[4], owner.start))
    return std::nullopt;
  owner.boot = words[2];
  return owner;
}

auto find(std::vector<Undo>& undos, Setting setting) {
  return std::find_if(undos.begin(), undos.end(), [&](const Undo& u) { return u.setting == setting; });
}

bool read_set(const std::vector<std::string_view>& words, std::vector<Undo>& undos) {
  if (words.size() != 4 || words[0] != "set") return false;
  const auto setting = setting_at(words[1]);
  if (!setting || !is_value(setting->kind, words[2]) || !is_value(setting->kind, words[3])) return false;
  const auto known = find(undos, *setting);
  if (known == undos.end()) {
    undos.push_back({*setting, std::string(words[2]), std::string(words[3]), std::string(words[3])});
  } else {
    known->earlier = known->value;
    known->value = words[3];
  }
  return true;
}

bool read_back(const std::vector<std::string_view>& words, std::vector<Undo>& undos) {
  if (words.size() != 2 || words[0] != "back") return false;
  const auto setting = setting_at(words[1]);
  if (!setting) return false;
  if (const auto known = find(undos, *setting); known != undos.end()) undos.erase(known);
  return true;
}

}  // namespace

std::string owner_line(const Owner& owner) {
  return fmt::format("{} {} {} {} {}\n", kMagic, kVersion, owner.boot, owner.pid, owner.start);
}

std::string set_line(Setting setting, std::string_view before, std::string_view value) {
  return fmt::format("set {} {} {}\n", path_of(setting), before, value);
}

std::string back_line(Setting setting) { return fmt::format("back {}\n", path_of(setting)); }

Result<Journal> parse_journal(std::string_view text) {
  Journal journal;
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    const std::string_view line = text.substr(0, end);
    if (!journal.owner) {
      journal.owner = read_owner(line);
      if (!journal.owner) return refusal("corrupt-journal", "the journal of settings begins with no owner");
      continue;
    }
    const auto words = words_of(line);
    if (!read_set(words, journal.undos) && !read_back(words, journal.undos)) ++journal.unreadable_lines;
  }
  return journal;
}

}  // namespace scx::settings
