#include "runtime/load/kernel_btf.h"

#include <cerrno>
#include <cstring>
#include <unordered_map>

#include <bpf/btf.h>

#include "runtime/base/btf_handle.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/libbpf_messages.h"

namespace scx::load {
namespace {

// A pointer to it, `const` or not.
bool is_prog_aux(const btf* types, uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  if (type == nullptr || !btf_is_ptr(type)) return false;
  type = btf__type_by_id(types, type->type);
  for (int depth = 0; type != nullptr && btf_is_mod(type) && depth < 8; ++depth)
    type = btf__type_by_id(types, type->type);
  if (type == nullptr || !btf_is_struct(type)) return false;
  const char* name = btf__name_by_offset(types, type->name_off);
  return name != nullptr && std::strcmp(name, "bpf_prog_aux") == 0;
}

BtfFunction describe(const btf* types, const btf_type* function) {
  BtfFunction result;
  const btf_type* proto = btf__type_by_id(types, function->type);
  if (proto == nullptr || !btf_is_func_proto(proto)) return result;
  result.parameters = btf_vlen(proto);
  result.exposes_implicit = exposes_implicit(types, proto);
  return result;
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

bool exposes_implicit(const btf* types, const btf_type* proto) {
  if (btf_vlen(proto) == 0) return false;
  const btf_param& last = btf_params(proto)[btf_vlen(proto) - 1];
  const char* name = btf__name_by_offset(types, last.name_off);
  return name != nullptr && std::strcmp(name, "aux") == 0 && is_prog_aux(types, last.type);
}

Result<std::map<std::string, BtfFunction>> find_functions(const std::string& path,
                                                          const std::vector<std::string>& names) {
  collect_libbpf_messages();  // whatever libbpf thinks of it, we say it
  const BtfHandle types(btf__parse(path.c_str(), nullptr));
  if (types == nullptr && (errno == ENOENT || errno == EACCES))
    return refusal(
        "no-btf",
        fmt::format("the kernel has no BTF: cannot read {}: {}", quoted(path), std::strerror(errno)),
        "use a kernel built with CONFIG_DEBUG_INFO_BTF");
  if (types == nullptr)
    return refusal(
        "corrupt-btf",
        fmt::format("the kernel's BTF in {} cannot be read: {}", quoted(path), std::strerror(errno)),
        "use another build of the kernel");
  std::unordered_map<std::string_view, const std::string*> wanted;
  for (const std::string& name : names) wanted.emplace(name, &name);
  std::map<std::string, BtfFunction> found;
  for (uint32_t id = 1; id < btf__type_cnt(types.get()); ++id) {
    const btf_type* type = btf__type_by_id(types.get(), id);
    if (!btf_is_func(type)) continue;
    const char* name = btf__name_by_offset(types.get(), type->name_off);
    if (name == nullptr) continue;
    if (auto it = wanted.find(name); it != wanted.end())
      found.emplace(*it->second, describe(types.get(), type));
  }
  return found;
}

std::string kernel_name(const std::string& extern_name) {
  const size_t at = extern_name.rfind("___");
  return at == std::string::npos || at == 0 ? extern_name : extern_name.substr(0, at);
}

Result<void> check_functions(const std::vector<abi::KernelFunction>& needed,
                             const std::map<std::string, BtfFunction>& found,
                             const std::map<std::string, uint32_t>& passed, const std::string& release) {
  std::vector<std::string> missing;
  std::vector<std::string> exposed;
  for (const abi::KernelFunction& function : needed) {
    auto it = found.find(function.name);
    if (it == found.end()) it = found.find(kernel_name(function.name));
    if (function.weak) continue;  // the object does without
    if (it == found.end()) {
      missing.push_back(fmt::format("`{}`", function.name));
      continue;
    }
    const auto given = passed.find(function.name);
    const bool more = given == passed.end() || it->second.parameters > given->second;
    if (it->second.exposes_implicit && more)
      exposed.push_back(
          fmt::format("`{}` with {} parameters{}", function.name, it->second.parameters,
                      given == passed.end() ? "" : fmt::format(" instead of {}", given->second)));
  }
  if (!exposed.empty())
    return refusal(
        "broken-btf",
        fmt::format("the BTF of kernel {} is broken: it shows {}, an argument that only the kernel itself "
                    "fills in; no sched_ext scheduler can be loaded",
                    release, join(exposed)),
        "this is a fault of the kernel's build, not of the policy (seen in Debian's 7.1.8, 7.1.13, 7.2.9 and "
        "7.2.12): boot another build");
  if (!missing.empty())
    return refusal("missing-kernel-function",
                   fmt::format("kernel {} lacks {} that the policy needs: {}", release,
                               missing.size() == 1 ? "a function" : "functions", join(missing)),
                   "boot a newer kernel, or do without what needs it in the policy");
  return {};
}

}  // namespace scx::load
