#include "runtime/audit/core_field.h"

#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <linux/bpf.h>

namespace scx::audit {
namespace {

constexpr int kMaxDepth = 32;
// The longest path that libbpf takes (BPF_CORE_SPEC_MAX_LEN).
constexpr size_t kMaxSteps = 64;

bool is_composite(const btf_type* type) { return btf_is_struct(type) || btf_is_union(type); }

std::optional<std::vector<uint32_t>> parse_access(std::string_view text) {
  std::vector<uint32_t> numbers;
  while (!text.empty()) {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    if (numbers.size() == kMaxSteps) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with(':')) text.remove_prefix(1);
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

// One step to a field: a member with a name, or an element of an array.
struct Step {
  std::string_view name;
  uint32_t index = 0;
  uint32_t type = 0;  // of the member; unused for elements
};

// The path as the object wrote it. Members without a name are not steps: the kernel may have put them
// elsewhere.
std::optional<std::vector<Step>> steps_of(const btf* local, uint32_t type,
                                          const std::vector<uint32_t>& access, uint32_t& last_type) {
  std::vector<Step> steps;
  for (size_t i = 1; i < access.size(); ++i) {
    type = skip_modifiers(local, type);
    const btf_type* in = btf__type_by_id(local, type);
    if (in == nullptr) return std::nullopt;
    if (is_composite(in)) {
      if (access[i] >= btf_vlen(in)) return std::nullopt;
      const btf_member& member = btf_members(in)[access[i]];
      type = member.type;
      if (member.name_off != 0) steps.push_back({name_at(local, member.name_off), access[i], member.type});
    } else if (btf_is_array(in)) {
      type = btf_array(in)->type;
      steps.push_back({"", access[i], 0});
    } else {
      return std::nullopt;
    }
  }
  last_type = type;
  return steps;
}

// Whether a field of the one type may be read as the other: sizes and signs of integers do not count here.
bool fields_fit(const btf* local, uint32_t local_id, const btf* target, uint32_t target_id, int depth = 0) {
  const btf_type* a = btf__type_by_id(local, skip_modifiers(local, local_id));
  const btf_type* b = btf__type_by_id(target, skip_modifiers(target, target_id));
  if (a == nullptr || b == nullptr || depth > kMaxDepth) return false;
  if (is_composite(a) && is_composite(b)) return true;
  if (btf_is_any_enum(a) && btf_is_any_enum(b)) {
    const std::string_view mine = essential_name(name_at(local, a->name_off));
    const std::string_view theirs = essential_name(name_at(target, b->name_off));
    return mine.empty() || theirs.empty() || mine == theirs;
  }
  if (btf_kind(a) != btf_kind(b)) return false;
  switch (btf_kind(a)) {
    case BTF_KIND_PTR:
    case BTF_KIND_FLOAT:
    case BTF_KIND_FWD:
      return true;
    case BTF_KIND_INT:
      return btf_int_offset(a) == 0 && btf_int_offset(b) == 0;
    case BTF_KIND_ARRAY:
      return fields_fit(local, btf_array(a)->type, target, btf_array(b)->type, depth + 1);
    default:
      return false;
  }
}

// A place in a type of the kernel.
struct Place {
  uint32_t type = 0;
  uint64_t bit_offset = 0;  // from the beginning of the first type
  bool operator==(const Place&) const = default;
};

// Looks for the member of a name in a structure, or in those of its members that have none. Each structure is
// looked at once: in broken BTF they can be within themselves, several times.
class MemberSearch {
 public:
  MemberSearch(const btf* target, std::string_view name) : target_(target), name_(name) {}

  std::optional<Place> find(uint32_t id, uint64_t bit_offset, int depth = 0) {
    const btf_type* in = btf__type_by_id(target_, id);
    if (in == nullptr || !is_composite(in) || depth > kMaxDepth || !seen_.insert(id).second)
      return std::nullopt;
    for (uint16_t m = 0; m < btf_vlen(in); ++m) {
      const btf_member& member = btf_members(in)[m];
      const uint64_t at = bit_offset + btf_member_bit_offset(in, m);
      if (member.name_off != 0) {
        if (name_at(target_, member.name_off) == name_) return Place{member.type, at};
        continue;
      }
      if (const auto found = find(skip_modifiers(target_, member.type), at, depth + 1)) return found;
    }
    return std::nullopt;
  }

 private:
  const btf* target_;
  std::string_view name_;
  std::set<uint32_t> seen_;
};

// The field in the kernel; nothing, with `why`, if the path ends before.
std::optional<Place> follow(const btf* local, const std::vector<Step>& steps, const btf* target,
                            uint32_t type, std::string& why) {
  Place place{type, 0};
  for (const Step& step : steps) {
    const uint32_t id = skip_modifiers(target, place.type);
    const btf_type* in = btf__type_by_id(target, id);
    if (in == nullptr) return std::nullopt;
    if (step.name.empty()) {
      // The last member of a structure may be an array without a length.
      if (!btf_is_array(in) || (btf_array(in)->nelems != 0 && step.index >= btf_array(in)->nelems)) {
        why = "is a shorter array there";
        return std::nullopt;
      }
      place.type = btf_array(in)->type;
      place.bit_offset +=
          uint64_t{step.index} * static_cast<uint64_t>(btf__resolve_size(target, place.type)) * 8;
      continue;
    }
    const std::optional<Place> member = MemberSearch(target, step.name).find(id, place.bit_offset);
    if (!member) return std::nullopt;
    if (!fields_fit(local, step.type, target, member->type)) {
      why = "has another type there";
      return std::nullopt;
    }
    place = *member;
  }
  return place;
}

bool is_unsigned(const btf_type* type) {
  return btf_is_int(type) && btf_int_encoding(type) != BTF_INT_SIGNED;
}

// An access can be widened or narrowed to the kernel's size of pointers and of numbers without a sign.
bool sizes_fit(const btf* local, uint32_t local_id, const btf* target, uint32_t target_id) {
  if (btf__resolve_size(local, local_id) == btf__resolve_size(target, target_id)) return true;
  const btf_type* a = btf__type_by_id(local, skip_modifiers(local, local_id));
  const btf_type* b = btf__type_by_id(target, skip_modifiers(target, target_id));
  if (a == nullptr || b == nullptr) return false;
  return (btf_is_ptr(a) && btf_is_ptr(b)) || (is_unsigned(a) && is_unsigned(b));
}

class Resolver {
 public:
  Resolver(const CoreRelocation& relocation, const btf* local, const Types& kernel, bool loads)
      : relocation_(relocation), local_(local), kernel_(kernel), loads_(loads) {}

  CoreAnswer resolve() {
    const btf_type* type = btf__type_by_id(local_, relocation_.type);
    const auto access = parse_access(relocation_.access);
    if (type == nullptr || !access) {
      answer_.what = "a relocation that cannot be read";
      return answer_;
    }
    name_ = essential_name(name_at(local_, type->name_off));
    const uint32_t kind = btf_is_any_enum(type) ? uint32_t{BTF_KIND_ENUM} : btf_kind(type);
    candidates_ = kernel_.find(name_, kind);
    switch (relocation_.kind) {
      case BPF_CORE_TYPE_ID_LOCAL:
        answer_.found = true;
        break;
      case BPF_CORE_TYPE_ID_TARGET:
      case BPF_CORE_TYPE_EXISTS:
      case BPF_CORE_TYPE_SIZE:
      case BPF_CORE_TYPE_MATCHES:
        resolve_type();
        break;
      case BPF_CORE_ENUMVAL_EXISTS:
      case BPF_CORE_ENUMVAL_VALUE:
        resolve_enumerator(type, access->front());
        break;
      default:
        resolve_field(*access);
    }
    if (answer_.ambiguous) {
      answer_.found = false;
      answer_.value.reset();
      answer_.why = fmt::format("is not the same in all types `{}` there", name_);
    }
    return answer_;
  }

 private:
  void existence(bool asked) {
    if (!asked) return;
    answer_.value = answer_.found ? 1 : 0;
    answer_.found = true;  // an answer in either case
  }

  // What one candidate makes of the relocation; they must all make the same of it.
  struct Outcome {
    std::optional<uint64_t> value;
    uint64_t bit_offset = 0;
    bool operator==(const Outcome&) const = default;
  };

  // True: it is the first that fits.
  bool add(const Outcome& outcome) {
    if (!first_) {
      first_ = outcome;
      answer_.found = true;
      return true;
    }
    if (*first_ != outcome) answer_.ambiguous = true;
    return false;
  }

  void resolve_type() {
    answer_.what = fmt::format("type `{}`", name_);
    for (const uint32_t id : candidates_)
      if (is_compatible(local_, relocation_.type, kernel_.get(), id)) {
        Outcome outcome;
        if (relocation_.kind == BPF_CORE_TYPE_SIZE)
          outcome.value = static_cast<uint64_t>(btf__resolve_size(kernel_.get(), id));
        // The type's number is what the program gets, and two types have two.
        if (relocation_.kind == BPF_CORE_TYPE_ID_TARGET) outcome.bit_offset = id;
        if (add(outcome)) answer_.value = outcome.value;
      }
    existence(relocation_.kind == BPF_CORE_TYPE_EXISTS || relocation_.kind == BPF_CORE_TYPE_MATCHES);
  }

  // Name and value of an enumerator of either kind of enum.
  static std::pair<std::string_view, uint64_t> enumerator(const btf* types, const btf_type* in, uint16_t k) {
    if (btf_is_enum64(in)) {
      const struct btf_enum64& one = btf_enum64(in)[k];
      return {name_at(types, one.name_off), uint64_t{one.val_hi32} << 32 | one.val_lo32};
    }
    const struct btf_enum& one = btf_enum(in)[k];
    const bool is_signed = btf_kflag(in);
    return {name_at(types, one.name_off),
            is_signed ? static_cast<uint64_t>(int64_t{one.val}) : uint64_t{static_cast<uint32_t>(one.val)}};
  }

  void resolve_enumerator(const btf_type* type, uint32_t position) {
    if (!btf_is_any_enum(type) || position >= btf_vlen(type)) {
      answer_.what = fmt::format("enumerator {} of `{}`", position, name_);
      return;
    }
    const std::string_view wanted =
        essential_name(enumerator(local_, type, static_cast<uint16_t>(position)).first);
    answer_.what = fmt::format("enumerator `{}` of `{}`", wanted, name_);
    const bool asks_existence = relocation_.kind == BPF_CORE_ENUMVAL_EXISTS;
    for (const uint32_t id : candidates_) {
      const btf_type* in = kernel_.type(id);
      for (uint16_t k = 0; k < btf_vlen(in); ++k) {
        const auto [name, value] = enumerator(kernel_.get(), in, k);
        if (essential_name(name) != wanted) continue;
        if (asks_existence)
          add({});
        else if (add({value, 0}))
          answer_.value = value;
        break;  // the first of the name in each
      }
    }
    existence(asks_existence);
  }

  void resolve_field(const std::vector<uint32_t>& access) {
    uint32_t last = relocation_.type;
    const auto steps = steps_of(local_, relocation_.type, access, last);
    std::string path(name_);
    if (steps)
      for (const Step& step : *steps)
        path += step.name.empty() ? fmt::format("[{}]", step.index) : fmt::format(".{}", step.name);
    // No path of a real kernel is this long.
    if (path.size() > 256) path.resize(256);
    answer_.what = fmt::format("field `{}`", path);
    if (!steps) return;
    bool wrong_size = false;
    for (const uint32_t id : candidates_) {
      const auto place = follow(local_, *steps, kernel_.get(), id, answer_.why);
      if (!place) continue;
      Outcome outcome{std::nullopt, place->bit_offset};
      const auto size = static_cast<uint64_t>(btf__resolve_size(kernel_.get(), place->type));
      if (relocation_.kind == BPF_CORE_FIELD_BYTE_SIZE) outcome.value = size;
      if (!add(outcome)) continue;
      answer_.value = outcome.value;
      // The first that fits is the one that is read.
      wrong_size = loads_ && relocation_.kind == BPF_CORE_FIELD_BYTE_OFFSET &&
                   !sizes_fit(local_, last, kernel_.get(), place->type);
    }
    if (candidates_.empty()) answer_.why = fmt::format("there is no `{}` there", name_);
    if (answer_.found) answer_.why.clear();
    if (wrong_size) {
      answer_.found = false;
      answer_.why = "has another size there";
    }
    existence(relocation_.kind == BPF_CORE_FIELD_EXISTS);
  }

  const CoreRelocation& relocation_;
  const btf* local_;
  const Types& kernel_;
  bool loads_;
  std::string_view name_;
  std::vector<uint32_t> candidates_;
  std::optional<Outcome> first_;
  CoreAnswer answer_;
};

}  // namespace

CoreAnswer resolve(const CoreRelocation& relocation, const btf* local, const Types& kernel, bool loads) {
  return Resolver(relocation, local, kernel, loads).resolve();
}

}  // namespace scx::audit
