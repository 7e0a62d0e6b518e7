#include "runtime/base/accounts.h"

#include <grp.h>
#include <pwd.h>

namespace scx {

std::optional<uint32_t> user_id(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  return entry == nullptr ? std::nullopt : std::optional<uint32_t>(entry->pw_uid);
}

std::optional<uint32_t> group_id(const std::string& name) {
  const group* entry = ::getgrnam(name.c_str());
  return entry == nullptr ? std::nullopt : std::optional<uint32_t>(entry->gr_gid);
}

}  // namespace scx
