#include "runtime/audit/audit.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "runtime/audit/core_field.h"
#include "runtime/audit/policy_place.h"
#include "runtime/audit/reach.h"
#include "runtime/load/kernel_btf.h"
#include "runtime/load/preflight.h"

namespace scx::audit {
namespace {

using Kind = Lack::Kind;

constexpr const char* kLeaveOut = "leave out what needs it in the policy, or run it on another kernel";

// How a kernel has a function that an object calls.
enum class Presence : uint8_t {
  kThere,
  kAbsent,
  kOtherForm,    // another prototype
  kExposed,      // with the argument that only the kernel fills in: its BTF is broken
  kNotCallable,  // an ordinary function
};

class Audit {
 public:
  Audit(const abi::Manifest& manifest, const ObjectCode& code, const Kernel& kernel)
      : manifest_(manifest), code_(code), kernel_(kernel), local_(code.types.get()) {}

  std::vector<Lack> run() {
    check_release();
    if (!check_sched_ext()) return sorted();
    find_functions();
    check_operations();
    check_attach_points();
    check_ambiguous_fields();
    check_instructions();
    check_uncalled_functions();
    check_broken();
    return sorted();
  }

 private:
  void add(Kind kind, std::string what, std::string message, std::string program,
           std::optional<abi::Location> where, std::string help) {
    if (!told_.insert(what).second) return;
    lacks_.push_back(
        {kind, std::move(what), std::move(message), std::move(program), std::move(where), std::move(help)});
  }

  std::vector<Lack> sorted() {
    std::sort(lacks_.begin(), lacks_.end(), [](const Lack& a, const Lack& b) {
      return std::tie(a.kind, a.what) < std::tie(b.kind, b.what);
    });
    return std::move(lacks_);
  }

  void check_release() {
    const Series have = series_of(kernel_.release);
    const Series oldest{load::kOldestMajor, load::kOldestMinor};
    const Series asked = series_of(manifest_.min_kernel);
    if (have.major == 0 || have >= std::max(oldest, asked)) return;
    if (asked > oldest)
      add(Kind::kTooOld, "release",
          fmt::format("it is older than {}, which the policy asks for", manifest_.min_kernel), "",
          manifest_.min_kernel_where,
          fmt::format("lower `kernel >= {}` in the policy, or boot a newer kernel", manifest_.min_kernel));
    else
      add(Kind::kTooOld, "release",
          fmt::format("it is older than {}.{}, which every policy needs", oldest.major, oldest.minor), "",
          std::nullopt, "boot a newer kernel");
  }

  bool check_sched_ext() {
    if (!kernel_.types.find("sched_ext_ops", BTF_KIND_STRUCT).empty() &&
        !kernel_.types.find("bpf_struct_ops_sched_ext_ops", BTF_KIND_STRUCT).empty())
      return true;
    add(Kind::kNoSchedExt, "sched_ext", "it was built without sched_ext", "", std::nullopt,
        "use a kernel with CONFIG_SCHED_CLASS_EXT");
    return false;
  }

  void find_functions() {
    for (const auto& [name, function] : code_.functions) {
      const Presence presence = find_function(name, function.type);
      presence_[name] = presence;
      if (presence == Presence::kExposed) exposed_.emplace_back(essential_name(name));
    }
  }

  // libbpf refuses the object for a function that is not weak and not as declared, called or not.
  void check_uncalled_functions() {
    for (const auto& [name, function] : code_.functions)
      if (const Presence presence = presence_.at(name); !function.weak && presence != Presence::kThere)
        add_function(name, presence, "", std::nullopt);
  }

  Presence find_function(const std::string& name, uint32_t local_function) {
    const std::string_view wanted = essential_name(name);
    const btf* types = kernel_.types.get();
    const uint32_t local_proto = btf__type_by_id(local_, local_function)->type;
    const std::vector<uint32_t> named = kernel_.types.find(wanted, BTF_KIND_FUNC);
    if (named.empty()) return Presence::kAbsent;
    // Of several functions of the name libbpf looks at the first.
    const uint32_t proto = kernel_.types.type(named.front())->type;
    if (!is_compatible(local_, local_proto, types, proto))
      return exposes_implicit(local_proto, proto) ? Presence::kExposed : Presence::kOtherForm;
    return kernel_.types.is_kernel_function(named.front()) ? Presence::kThere : Presence::kNotCallable;
  }

  // One parameter more than the object passes, the last being the kernel's own.
  bool exposes_implicit(uint32_t local_proto, uint32_t kernel_proto) {
    const btf* types = kernel_.types.get();
    const btf_type* mine = btf__type_by_id(local_, local_proto);
    const btf_type* theirs = btf__type_by_id(types, kernel_proto);
    return btf_is_func_proto(mine) && btf_is_func_proto(theirs) && btf_vlen(theirs) == btf_vlen(mine) + 1 &&
           load::exposes_implicit(types, theirs);
  }

  void add_function(const std::string& name, Presence presence, std::string program,
                    std::optional<abi::Location> where) {
    const std::string shown(essential_name(name));
    const std::string what = fmt::format("kernel function `{}`", shown);
    if (!where) where = place_of(shown, program);
    if (presence == Presence::kExposed) {
      is_broken_ = true;
      return;
    }
    const char* words = presence == Presence::kOtherForm     ? "it has {} in another form"
                        : presence == Presence::kNotCallable ? "its {} is not for programs to call"
                                                             : "it lacks the {}";
    std::string help = kLeaveOut;
    // A form that is called without a look whether it is there: `kernel >=` has dropped what older kernels
    // need.
    const auto function = code_.functions.find(name);
    if (function != code_.functions.end() && function->second.weak && asks_for_newer()) {
      where = manifest_.min_kernel_where;
      help = fmt::format("lower `kernel >= {}` in the policy: what older kernels need comes back then",
                         manifest_.min_kernel);
    }
    add(Kind::kFunction, what, fmt::format(fmt::runtime(words), what), std::move(program), std::move(where),
        std::move(help));
  }

  [[nodiscard]] bool asks_for_newer() const {
    return series_of(manifest_.min_kernel) > Series{load::kOldestMajor, load::kOldestMinor};
  }

  void check_operations() {
    const btf_type* table = btf__type_by_id(local_, code_.operations);
    if (table == nullptr || !btf_is_struct(table)) return;
    const btf* types = kernel_.types.get();
    const btf_type* theirs = kernel_.types.type(kernel_.types.find("sched_ext_ops", BTF_KIND_STRUCT).front());
    for (const uint32_t position : code_.operations_set) {
      const btf_member& member = btf_members(table)[position];
      const std::string name(name_at(local_, member.name_off));
      const std::string what = fmt::format("operation `{}`", name);
      const btf_member* found = nullptr;
      for (uint16_t m = 0; m < btf_vlen(theirs) && found == nullptr; ++m)
        if (name_at(types, btf_members(theirs)[m].name_off) == name) found = &btf_members(theirs)[m];
      if (found == nullptr)
        add(Kind::kOperation, what, fmt::format("its schedulers have no {}", what), "", place_of(name, ""),
            kLeaveOut);
      else if (!member_fits(member.type, found->type))
        add(Kind::kOperation, what, fmt::format("its schedulers have {} in another form", what), "",
            place_of(name, ""), kLeaveOut);
    }
  }

  // As libbpf copies the table: the same kind, and data of the same size.
  bool member_fits(uint32_t local_id, uint32_t target_id) {
    const btf* types = kernel_.types.get();
    const uint32_t mine = skip_modifiers(local_, local_id);
    const uint32_t theirs = skip_modifiers(types, target_id);
    const btf_type* a = btf__type_by_id(local_, mine);
    const btf_type* b = btf__type_by_id(types, theirs);
    if (a == nullptr || b == nullptr || btf_kind(a) != btf_kind(b)) return false;
    return btf_is_ptr(a) || btf__resolve_size(local_, mine) == btf__resolve_size(types, theirs);
  }

  // Programs that run at a tracepoint or at a function of the kernel.
  void check_attach_points() {
    for (const Program& program : code_.programs) {
      const std::string& section = code_.sections[program.section].name;
      const size_t slash = section.find('/');
      if (slash == std::string::npos) continue;
      std::string kind = section.substr(0, slash);
      if (kind.ends_with(".s")) kind.resize(kind.size() - 2);
      const std::string name = section.substr(slash + 1);
      const bool tracepoint = kind == "tp_btf";
      if (!tracepoint && kind != "fentry" && kind != "fexit") continue;
      const std::string what = fmt::format("{} `{}`", tracepoint ? "tracepoint" : "function to trace", name);
      const bool there = tracepoint ? has("btf_trace_" + name, BTF_KIND_TYPEDEF) : has(name, BTF_KIND_FUNC);
      if (!there)
        add(Kind::kAttachPoint, what, fmt::format("it lacks the {}", what), program.name,
            policy_place(name, manifest_), kLeaveOut);
    }
  }

  [[nodiscard]] bool has(std::string_view name, uint32_t kind) const {
    return !kernel_.types.find(name, kind).empty();
  }

  [[nodiscard]] bool is_there(std::string_view name) const {
    const auto found = presence_.find(name);
    return found == presence_.end() || found->second == Presence::kThere ||
           found->second == Presence::kNotCallable;
  }

  // Each relocation once: an object has hundreds of the same.
  const CoreAnswer& resolved(const CodeSection& section, uint32_t at) {
    const uint8_t class_of = BPF_CLASS(section.code[at].code);
    const bool loads = class_of == BPF_LDX || class_of == BPF_ST || class_of == BPF_STX;
    const CoreRelocation& relocation = section.core.at(at);
    const auto [known, is_new] =
        resolved_.try_emplace(std::tuple(relocation.type, relocation.access, relocation.kind, loads));
    if (is_new) known->second = resolve(relocation, local_, kernel_.types, loads);
    return known->second;
  }

  // libbpf refuses the object for them, wherever they are.
  void check_ambiguous_fields() {
    for (const CodeSection& section : code_.sections)
      for (const auto& [at, relocation] : section.core)
        if (const CoreAnswer& answer = resolved(section, at); answer.ambiguous)
          add_field(answer, section, at, "");
  }

  // The verifier refuses what libbpf could not resolve only where a program can come to it.
  void check_instructions() {
    const ValueOf value_of = [&](const CodeSection& section, uint32_t at) -> Known {
      if (section.core.count(at) != 0) {
        const CoreAnswer& answer = resolved(section, at);
        return answer.value ? Known{Known::What::kConstant, *answer.value} : Known{};
      }
      const SymbolUse& use = section.symbols.at(at);
      if (use.external && !is_there(use.name)) return {Known::What::kConstant, 0};
      return {Known::What::kNotZero, 0};
    };
    for (const Reached& reached : reach(code_, value_of)) {
      const CodeSection& section = code_.sections[reached.section];
      const std::string& program = code_.programs[reached.program].name;
      if (const auto core = section.core.find(reached.instruction); core != section.core.end()) {
        const CoreAnswer& answer = resolved(section, reached.instruction);
        if (!answer.found) add_field(answer, section, reached.instruction, program);
        continue;
      }
      const auto symbol = section.symbols.find(reached.instruction);
      const bool calls = section.code[reached.instruction].code == (BPF_JMP | BPF_CALL);
      if (symbol == section.symbols.end() || !symbol->second.external || !calls) continue;
      const auto presence = presence_.find(symbol->second.name);
      if (presence != presence_.end() && presence->second != Presence::kThere)
        add_function(presence->first, presence->second, program, line_of(section, reached.instruction));
    }
  }

  void add_field(const CoreAnswer& answer, const CodeSection& section, uint32_t at,
                 const std::string& program) {
    std::optional<abi::Location> where = line_of(section, at);
    if (!where) {
      // "field `task_struct.comm`": the path, then the type alone.
      const size_t open = answer.what.find('`') + 1;
      const std::string path = answer.what.substr(open, answer.what.find('`', open) - open);
      where = policy_place(path, manifest_);
      if (!where) where = place_of(path.substr(0, path.find('.')), program);
    }
    add(Kind::kField, answer.what,
        answer.why.empty() ? fmt::format("it lacks the {}", answer.what)
                           : fmt::format("the {} {}", answer.what, answer.why),
        program, std::move(where), kLeaveOut);
  }

  // All functions that are shown so are one fault.
  void check_broken() {
    if (!is_broken_) return;
    std::string names;
    for (const std::string& name : exposed_) names += fmt::format("{}`{}`", names.empty() ? "" : ", ", name);
    add(Kind::kBroken, "BTF",
        fmt::format(
            "its BTF is broken: it shows {} with an argument that only the kernel itself fills in; no "
            "sched_ext scheduler can be loaded",
            names),
        "", std::nullopt,
        "this is a fault of the kernel's build, not of the policy: use another build of the kernel");
  }

  // The policy's line of an instruction, if it came from one.
  [[nodiscard]] static std::optional<abi::Location> line_of(const CodeSection& section, uint32_t at) {
    const auto after =
        std::upper_bound(section.lines.begin(), section.lines.end(), at,
                         [](uint32_t i, const SourceLine& line) { return i < line.instruction; });
    if (after == section.lines.begin() || !std::prev(after)->file.ends_with(".scx")) return std::nullopt;
    return abi::Location{std::string(std::prev(after)->file), std::prev(after)->line, 0};
  }

  // By the thing's own name, else by what the program is there for.
  std::optional<abi::Location> place_of(const std::string& name, const std::string& program) {
    if (auto place = policy_place(name, manifest_)) return place;
    for (const Program& one : code_.programs) {
      const std::string& section = code_.sections[one.section].name;
      const size_t slash = section.find('/');
      if (one.name == program && slash != std::string::npos)
        return policy_place(std::string_view(section).substr(slash + 1), manifest_);
    }
    return std::nullopt;
  }

  const abi::Manifest& manifest_;
  const ObjectCode& code_;
  const Kernel& kernel_;
  const btf* local_;
  std::map<std::tuple<uint32_t, std::string_view, uint32_t, bool>, CoreAnswer> resolved_;
  std::map<std::string, Presence, std::less<>> presence_;
  std::vector<std::string> exposed_;  // functions that the BTF shows broken
  bool is_broken_ = false;            // and one of them is needed
  std::set<std::string> told_;
  std::vector<Lack> lacks_;
};

}  // namespace

std::string_view reason(Lack::Kind kind) {
  switch (kind) {
    case Kind::kBroken:
      return "broken-btf";
    case Kind::kNoSchedExt:
      return "no-sched-ext";
    case Kind::kTooOld:
      return "kernel-too-old";
    case Kind::kFunction:
      return "missing-kernel-function";
    case Kind::kOperation:
      return "missing-operation";
    case Kind::kAttachPoint:
      return "missing-attach-point";
    case Kind::kField:
      return "missing-field";
  }
  return "";
}

std::vector<Lack> audit(const abi::Manifest& manifest, const ObjectCode& code, const Kernel& kernel) {
  return Audit(manifest, code, kernel).run();
}

}  // namespace scx::audit
