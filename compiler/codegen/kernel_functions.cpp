// The compiler's own table of which kernel function may be called from which
// kind of program. Kernels before 7 check it only when the call happens, and
// then end the scheduler; so the emitted text is checked against this table.
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/codegen/codegen.h"
#include "compiler/codegen/dictionary.h"

namespace scx::codegen {

namespace {

// Programs as the kernel tells them apart.
enum class Context : uint8_t {
  kSelectCpu,
  kEnqueue,
  kDispatch,
  kOp,       // any other operation that must not sleep
  kInitOp,   // init, init_task, cpu_online, cpu_offline: may sleep
  kTracing,  // tp_btf, fentry, fexit
  kSyscall,
};

using Contexts = std::set<Context>;
const Contexts kEverywhere = {Context::kSelectCpu, Context::kEnqueue, Context::kDispatch, Context::kOp,
                              Context::kInitOp,    Context::kTracing, Context::kSyscall};
const Contexts kOps = {Context::kSelectCpu, Context::kEnqueue, Context::kDispatch, Context::kOp};

// Measured with small programs on 6.16, 6.18 and 7.3 and read in
// kernel/sched/ext: where all of them accept the call and none ends the
// scheduler for it. What is not listed may be called everywhere.
const std::map<std::string, Contexts, std::less<>>& table() {
  static const std::map<std::string, Contexts, std::less<>> contexts = {
      {"scx_bpf_create_dsq", {Context::kInitOp, Context::kSyscall}},
      {"scx_bpf_dsq_insert", {Context::kSelectCpu, Context::kEnqueue, Context::kDispatch}},
      {"scx_bpf_dsq_insert___v2", {Context::kSelectCpu, Context::kEnqueue, Context::kDispatch}},
      {"scx_bpf_dsq_insert_vtime", {Context::kEnqueue, Context::kDispatch}},
      {"__scx_bpf_dsq_insert_vtime", {Context::kEnqueue, Context::kDispatch}},
      {"scx_bpf_dsq_move_to_local", {Context::kDispatch}},
      {"scx_bpf_dsq_move_to_local___v2", {Context::kDispatch}},
      {"scx_bpf_dsq_move", {Context::kDispatch, Context::kInitOp, Context::kSyscall}},
      {"scx_bpf_select_cpu_and", {Context::kSelectCpu, Context::kEnqueue}},
      {"__scx_bpf_select_cpu_and", {Context::kSelectCpu, Context::kEnqueue}},
      {"scx_bpf_task_set_slice", kEverywhere},
      // Need RCU, which only programs that must not sleep hold by themselves.
      {"scx_bpf_pick_idle_cpu", kOps},
      {"scx_bpf_dsq_peek", kOps},
      // May sleep, under a guard: cpu_offline.
      {"bpf_iter_scx_dsq_new",
       {Context::kSelectCpu, Context::kEnqueue, Context::kDispatch, Context::kOp, Context::kInitOp}},
  };
  return contexts;
}

std::string kernel_name(std::string name) {
  constexpr std::string_view kSuffix = "___compat";
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

bool is_extern(const Declaration& declaration) {
  return declaration.code.find("__ksym") != std::string::npos &&
         declaration.code.find("extern") != std::string::npos;
}

// The section of a program, "struct_ops/tick"; empty for anything else.
std::string_view section_of(const Declaration& declaration) {
  constexpr std::string_view kOpening = "SEC(\"";
  const size_t at = declaration.code.find(kOpening);
  if (at == std::string::npos) return "";
  const std::string_view rest = std::string_view(declaration.code).substr(at + kOpening.size());
  return rest.substr(0, rest.find('"'));
}

bool context_of(std::string_view section, Context& context) {
  if (section == "struct_ops/select_cpu") {
    context = Context::kSelectCpu;
  } else if (section == "struct_ops/enqueue") {
    context = Context::kEnqueue;
  } else if (section == "struct_ops/dispatch") {
    context = Context::kDispatch;
  } else if (section.starts_with("struct_ops.s/")) {
    context = Context::kInitOp;
  } else if (section.starts_with("struct_ops/")) {
    context = Context::kOp;
  } else if (section.starts_with("tp_btf/") || section.starts_with("fentry/") ||
             section.starts_with("fexit/")) {
    context = Context::kTracing;
  } else if (section == "syscall") {
    context = Context::kSyscall;
  } else {
    return false;
  }
  return true;
}

// Every name that `start` refers to, directly or through definitions of the text.
Names reach(const Declaration& start,
            const std::multimap<std::string, const Declaration*, std::less<>>& defined) {
  Names seen = identifiers(start.code);
  std::vector<std::string> pending(seen.begin(), seen.end());
  while (!pending.empty()) {
    const std::string name = pending.back();
    pending.pop_back();
    for (auto [at, end] = defined.equal_range(name); at != end; ++at) {
      // A program is entered by the kernel only; a table that names it is no call.
      if (!section_of(*at->second).empty()) continue;
      for (const std::string& next : identifiers(at->second->code)) {
        if (seen.insert(next).second) pending.push_back(next);
      }
    }
  }
  return seen;
}

}  // namespace

std::vector<std::string> forbidden_calls(std::string_view text) {
  const std::vector<Declaration> all = declarations(text);
  std::multimap<std::string, const Declaration*, std::less<>> defined;
  std::set<std::string> externs;
  for (const Declaration& declaration : all) {
    for (const std::string& name : declaration.defines) {
      if (is_extern(declaration)) {
        externs.insert(name);
      } else {
        defined.emplace(name, &declaration);
      }
    }
  }
  std::vector<std::string> findings;
  for (const Declaration& declaration : all) {
    Context context{};
    const std::string_view section = section_of(declaration);
    if (!context_of(section, context)) continue;
    const Names reached = reach(declaration, defined);
    for (const std::string& name : externs) {
      if (!reached.contains(name)) continue;
      const auto entry = table().find(kernel_name(name));
      if (entry != table().end() && !entry->second.contains(context)) {
        findings.push_back(fmt::format("the program in `{}` calls `{}`, which some kernel refuses there",
                                       section, kernel_name(name)));
      }
    }
  }
  return findings;
}

}  // namespace scx::codegen
