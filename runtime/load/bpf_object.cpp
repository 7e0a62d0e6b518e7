#include "runtime/load/bpf_object.h"

#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "runtime/base/refusal.h"
#include "runtime/load/libbpf_messages.h"

namespace scx::load {

std::string because(int error) {
  const std::string warning = last_libbpf_warning();
  return warning.empty() ? std::string(std::strerror(error))
                         : fmt::format("{} ({})", std::strerror(error), warning);
}

Result<bpf_map*> find_map(const Object& object, const char* name) {
  if (bpf_map* map = bpf_object__find_map_by_name(object.get(), name)) return map;
  return refusal("feed-mismatch", fmt::format("the object has no map `{}`", name), kCompileAgain);
}

Result<void> write_entry(const bpf_map* map, uint32_t key, const void* value, size_t size) {
  const char* name = bpf_map__name(map);
  if (bpf_map__value_size(map) != size)
    return refusal(
        "feed-mismatch",
        fmt::format("map `{}` has values of {} bytes instead of {}", name, bpf_map__value_size(map), size),
        kCompileAgain);
  if (const int rc = bpf_map__update_elem(map, &key, sizeof key, value, size, BPF_ANY); rc != 0)
    return refusal("load-refused", fmt::format("map `{}` cannot be written: {}", name, std::strerror(-rc)),
                   kKernelLog);
  return {};
}

bool has_program(const Object& object, const char* name) {
  return bpf_object__find_program_by_name(object.get(), name) != nullptr;
}

Result<int> run_program(const Object& object, const char* name, const void* context, size_t size) {
  const bpf_program* program = bpf_object__find_program_by_name(object.get(), name);
  if (program == nullptr)
    return refusal("feed-mismatch", fmt::format("the object has no program `{}`", name), kCompileAgain);
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.ctx_in = context;
  options.ctx_size_in = static_cast<uint32_t>(size);
  if (const int rc = bpf_prog_test_run_opts(bpf_program__fd(program), &options); rc != 0)
    return refusal("load-refused", fmt::format("`{}` cannot be run: {}", name, std::strerror(-rc)),
                   kKernelLog);
  return static_cast<int>(options.retval);
}

}  // namespace scx::load
