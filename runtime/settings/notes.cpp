#include "runtime/settings/notes.h"

#include <fmt/format.h>

namespace scx::settings {

void Gathered::stuck(Setting setting, const std::string& value, const std::string& cause) {
  stuck_.push_back({true, fmt::format("the {} is not put back: {}; write `{}` to {}",
                                      describe(setting.kind, std::vector{setting.index}), cause, value,
                                      path_of(setting))});
}

void Gathered::tell_once(std::set<Key>& told) {
  std::erase_if(refused_, [&](const auto& entry) { return !told.insert(entry.first).second; });
}

size_t Gathered::restored_count() const {
  size_t count = 0;
  for (const auto& [key, indexes] : restored_) count += indexes.size();
  return count;
}

Notes Gathered::notes() const {
  Notes out;
  for (const auto& [key, indexes] : restored_)
    out.push_back({false, fmt::format("the {} is {} again", describe(key.first, indexes),
                                      describe(key.first, key.second))});
  for (const auto& [key, indexes] : left_)
    out.push_back({false, fmt::format("the {} stays {}: somebody else has changed it",
                                      describe(key.first, indexes), describe(key.first, key.second))});
  for (const auto& [key, indexes] : refused_)
    out.push_back({true, fmt::format("the {} cannot be set: {}", describe(key.first, indexes),
                                     key.second.empty() ? fmt::format("this kernel has no \"{}\"",
                                                                      path_of({key.first, indexes.front()}))
                                                        : key.second)});
  out.insert(out.end(), stuck_.begin(), stuck_.end());
  return out;
}

}  // namespace scx::settings
