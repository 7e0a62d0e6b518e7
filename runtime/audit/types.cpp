#include "runtime/audit/types.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace scx::audit {
namespace {

// Types nest; a chain this long is a loop in broken BTF.
constexpr int kMaxDepth = 32;

bool is_modifier(const btf_type* type) { return btf_is_mod(type) || btf_is_typedef(type); }

uint32_t kind_of(const btf_type* type) {
  const uint32_t kind = btf_kind(type);
  return kind == BTF_KIND_ENUM64 ? uint32_t{BTF_KIND_ENUM} : kind;
}

// Compares each pair of types once: in broken BTF a prototype can have itself for several parameters.
class Comparison {
 public:
  Comparison(const btf* local, const btf* target) : local_(local), target_(target) {}

  bool fits(uint32_t local_id, uint32_t target_id, int depth) {
    const uint32_t mine = skip_modifiers(local_, local_id);
    const uint32_t theirs = skip_modifiers(target_, target_id);
    const auto [known, is_new] = fits_.try_emplace({mine, theirs}, false);
    // A pair within itself does not fit.
    if (!is_new) return known->second;
    const bool result = depth <= kMaxDepth && compare(mine, theirs, depth);
    fits_[{mine, theirs}] = result;
    return result;
  }

 private:
  bool compare(uint32_t mine, uint32_t theirs, int depth) {
    const btf_type* a = btf__type_by_id(local_, mine);
    const btf_type* b = btf__type_by_id(target_, theirs);
    if (a == nullptr || b == nullptr || kind_of(a) != kind_of(b)) return false;
    switch (kind_of(a)) {
      case BTF_KIND_INT:
        // Bit fields of the old form are not compared.
        return btf_int_offset(a) == 0 && btf_int_offset(b) == 0;
      case BTF_KIND_PTR:
        return fits(a->type, b->type, depth + 1);
      case BTF_KIND_ARRAY:
        return fits(btf_array(a)->type, btf_array(b)->type, depth + 1);
      case BTF_KIND_FUNC_PROTO: {
        if (btf_vlen(a) != btf_vlen(b)) return false;
        for (uint16_t i = 0; i < btf_vlen(a); ++i)
          if (!fits(btf_params(a)[i].type, btf_params(b)[i].type, depth + 1)) return false;
        return fits(a->type, b->type, depth + 1);
      }
      default:  // void, structures, unions, enums, forward declarations
        return true;
    }
  }

  const btf* local_;
  const btf* target_;
  std::map<std::pair<uint32_t, uint32_t>, bool> fits_;
};

}  // namespace

std::string_view essential_name(std::string_view name) {
  // The last `___` with something before it.
  const size_t at = name.rfind("___");
  return at == std::string_view::npos || at == 0 ? name : name.substr(0, at);
}

std::string_view name_at(const btf* types, uint32_t offset) {
  const char* name = btf__name_by_offset(types, offset);
  return name == nullptr ? std::string_view() : std::string_view(name, ::strnlen(name, kMaxName));
}

uint32_t skip_modifiers(const btf* types, uint32_t id) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const btf_type* type = btf__type_by_id(types, id);
    if (type == nullptr) return 0;
    if (!is_modifier(type)) return id;
    id = type->type;
  }
  return 0;
}

Types::Types(BtfHandle types) : types_(std::move(types)) {
  const uint32_t count = btf__type_cnt(types_.get());
  by_name_.reserve(count);
  for (uint32_t id = 1; id < count; ++id) {
    const btf_type* one = type(id);
    const std::string_view name = name_at(get(), one->name_off);
    if (btf_is_decl_tag(one)) {
      if (name == "bpf_kfunc") callable_[one->type] = true;
    } else if (!name.empty()) {
      by_name_.emplace(btf_is_func(one) ? name : essential_name(name), id);
    }
  }
}

std::vector<uint32_t> Types::find(std::string_view name, uint32_t kind) const {
  std::vector<uint32_t> found;
  for (auto [at, end] = by_name_.equal_range(name); at != end; ++at)
    if (kind_of(type(at->second)) == kind) found.push_back(at->second);
  std::sort(found.begin(), found.end());
  return found;
}

bool Types::is_kernel_function(uint32_t function) const {
  return callable_.empty() || callable_.count(function) != 0;
}

bool is_compatible(const btf* local, uint32_t local_id, const btf* target, uint32_t target_id) {
  return Comparison(local, target).fits(local_id, target_id, 0);
}

}  // namespace scx::audit
