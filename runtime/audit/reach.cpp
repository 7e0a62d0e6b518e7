#include "runtime/audit/reach.h"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace scx::audit {
namespace {

using Registers = std::array<Known, 11>;

Known join(const Known& a, const Known& b) {
  if (a == b) return a;
  const auto is_not_zero = [](const Known& one) {
    return one.what == Known::What::kNotZero || (one.what == Known::What::kConstant && one.value != 0);
  };
  return is_not_zero(a) && is_not_zero(b) ? Known{Known::What::kNotZero, 0} : Known{};
}

uint64_t extended(int32_t imm) { return static_cast<uint64_t>(int64_t{imm}); }

// Whether a comparison holds; nothing if it is not known. `narrow`: of the lower halves.
std::optional<bool> compare(uint8_t operation, uint64_t a, uint64_t b, bool narrow) {
  const auto signed_of = [&](uint64_t v) {
    return narrow ? int64_t{static_cast<int32_t>(static_cast<uint32_t>(v))} : static_cast<int64_t>(v);
  };
  if (narrow) {
    a = static_cast<uint32_t>(a);
    b = static_cast<uint32_t>(b);
  }
  switch (operation) {
    case BPF_JEQ:
      return a == b;
    case BPF_JNE:
      return a != b;
    case BPF_JGT:
      return a > b;
    case BPF_JGE:
      return a >= b;
    case BPF_JLT:
      return a < b;
    case BPF_JLE:
      return a <= b;
    case BPF_JSET:
      return (a & b) != 0;
    case BPF_JSGT:
      return signed_of(a) > signed_of(b);
    case BPF_JSGE:
      return signed_of(a) >= signed_of(b);
    case BPF_JSLT:
      return signed_of(a) < signed_of(b);
    case BPF_JSLE:
      return signed_of(a) <= signed_of(b);
    default:
      return std::nullopt;
  }
}

std::optional<bool> decide(const bpf_insn& insn, const Known& a, const Known& b) {
  const bool narrow = BPF_CLASS(insn.code) == BPF_JMP32;
  const uint8_t operation = BPF_OP(insn.code);
  if (a.what == Known::What::kConstant && b.what == Known::What::kConstant)
    return compare(operation, a.value, b.value, narrow);
  // An address that is not zero, against zero; its lower half may be.
  if (a.what != Known::What::kNotZero || b != Known{Known::What::kConstant, 0} || narrow) return std::nullopt;
  if (operation == BPF_JEQ) return false;
  if (operation == BPF_JNE) return true;
  return std::nullopt;
}

// A place in the code of an object.
struct Place {
  uint32_t section = 0;
  uint32_t instruction = 0;
  auto operator<=>(const Place&) const = default;
};

class Walker {
 public:
  Walker(const ObjectCode& code, const ValueOf& value_of) : code_(code), value_of_(value_of) {}

  std::vector<Reached> walk() {
    for (uint32_t p = 0; p < code_.programs.size(); ++p) {
      program_ = p;
      functions_.push_back({code_.programs[p].section, code_.programs[p].first});
      while (!functions_.empty()) {
        const Place function = functions_.back();
        functions_.pop_back();
        if (entered_.insert(function).second) walk_function(function);
      }
    }
    return std::move(reached_);
  }

 private:
  // Until no register's knowledge changes anywhere: knowledge only ever shrinks.
  void walk_function(const Place& entry) {
    section_ = &code_.sections[entry.section];
    states_.clear();
    arrive(entry.instruction, Registers{});
    while (!pending_.empty()) {
      const uint32_t at = *pending_.begin();
      pending_.erase(pending_.begin());
      step(entry.section, at, states_.at(at));
    }
    for (const auto& [at, registers] : states_)
      if (seen_.insert({entry.section, at}).second) reached_.push_back({entry.section, at, program_});
  }

  void arrive(int64_t at, const Registers& registers) {
    if (at < 0 || at >= static_cast<int64_t>(section_->code.size())) return;
    const auto place = static_cast<uint32_t>(at);
    const auto [state, is_new] = states_.try_emplace(place, registers);
    bool changed = is_new;
    for (size_t r = 0; r < registers.size() && !is_new; ++r) {
      const Known joined = join(state->second[r], registers[r]);
      changed = changed || joined != state->second[r];
      state->second[r] = joined;
    }
    if (changed) pending_.insert(place);
  }

  void step(uint32_t section, uint32_t at, Registers registers) {
    const bpf_insn& insn = section_->code[at];
    switch (BPF_CLASS(insn.code)) {
      case BPF_JMP:
      case BPF_JMP32:
        jump(section, at, registers);
        return;
      case BPF_LD:
        load_wide(at, registers);
        return;
      case BPF_ALU:
      case BPF_ALU64:
        set(registers, insn.dst_reg, moved(at, registers));
        break;
      case BPF_LDX:
        set(registers, insn.dst_reg, {});
        break;
      case BPF_STX:
        // An atomic operation may give back the old value.
        if (BPF_MODE(insn.code) == BPF_ATOMIC) {
          set(registers, insn.src_reg, {});
          set(registers, BPF_REG_0, {});
        }
        break;
      default:
        break;
    }
    arrive(int64_t{at} + 1, registers);
  }

  static void set(Registers& registers, uint8_t which, const Known& value) {
    if (which < registers.size()) registers[which] = value;
  }

  [[nodiscard]] bool is_relocated(uint32_t at) const {
    return section_->core.count(at) != 0 || section_->symbols.count(at) != 0;
  }

  // What an arithmetic instruction leaves in its register, of moves only.
  Known moved(uint32_t at, const Registers& registers) {
    const bpf_insn& insn = section_->code[at];
    if (is_relocated(at)) return BPF_OP(insn.code) == BPF_MOV ? value_of_(*section_, at) : Known{};
    if (BPF_OP(insn.code) != BPF_MOV || insn.off != 0) return {};
    const bool narrow = BPF_CLASS(insn.code) == BPF_ALU;
    Known value{Known::What::kConstant, extended(insn.imm)};
    if (BPF_SRC(insn.code) == BPF_X)
      value = insn.src_reg < registers.size() ? registers[insn.src_reg] : Known{};
    if (!narrow) return value;
    if (value.what == Known::What::kNotZero) return {};
    value.value = static_cast<uint32_t>(value.value);
    return value;
  }

  // A constant of two instructions' length, or an address.
  void load_wide(uint32_t at, Registers& registers) {
    const bpf_insn& insn = section_->code[at];
    Known value;
    if (is_relocated(at)) {
      value = value_of_(*section_, at);
      const auto symbol = section_->symbols.find(at);
      // A function of ours whose address is taken will be called by someone.
      if (symbol != section_->symbols.end() && symbol->second.section < code_.sections.size())
        enter(symbol->second.section, (symbol->second.value + extended(insn.imm)) / sizeof(bpf_insn));
    } else if (at + 1 < section_->code.size() && insn.src_reg == 0) {
      value = {Known::What::kConstant, uint64_t{static_cast<uint32_t>(insn.imm)} |
                                           uint64_t{static_cast<uint32_t>(section_->code[at + 1].imm)} << 32};
    }
    set(registers, insn.dst_reg, value);
    arrive(int64_t{at} + 2, registers);
  }

  void enter(uint32_t section, uint64_t instruction) {
    if (instruction < code_.sections[section].code.size())
      functions_.push_back({section, static_cast<uint32_t>(instruction)});
  }

  void jump(uint32_t section, uint32_t at, Registers& registers) {
    const bpf_insn& insn = section_->code[at];
    const int64_t next = int64_t{at} + 1;
    switch (BPF_OP(insn.code)) {
      case BPF_EXIT:
        return;
      case BPF_CALL:
        call(section, at);
        for (uint8_t r = BPF_REG_0; r <= BPF_REG_5; ++r) registers[r] = {};
        arrive(next, registers);
        return;
      case BPF_JA:
        arrive(next + (BPF_CLASS(insn.code) == BPF_JMP32 ? int64_t{insn.imm} : int64_t{insn.off}), registers);
        return;
      default:
        break;
    }
    const auto of = [&](uint8_t which) { return which < registers.size() ? registers[which] : Known{}; };
    const Known other =
        BPF_SRC(insn.code) == BPF_X ? of(insn.src_reg) : Known{Known::What::kConstant, extended(insn.imm)};
    const std::optional<bool> taken = decide(insn, of(insn.dst_reg), other);
    if (taken != true) arrive(next, registers);
    if (taken != false) arrive(next + insn.off, registers);
  }

  // Into a function of the object.
  void call(uint32_t section, uint32_t at) {
    const bpf_insn& insn = section_->code[at];
    const auto symbol = section_->symbols.find(at);
    if (symbol == section_->symbols.end()) {
      const int64_t target = int64_t{at} + 1 + insn.imm;
      if (insn.src_reg == BPF_PSEUDO_CALL && target >= 0) enter(section, static_cast<uint64_t>(target));
      return;
    }
    if (symbol->second.section >= code_.sections.size()) return;
    // The symbol of a section, which is at 0, has the distance in the instruction.
    const uint64_t base = symbol->second.value / sizeof(bpf_insn);
    enter(symbol->second.section, symbol->second.name.empty() ? base + extended(insn.imm) + 1 : base);
  }

  const ObjectCode& code_;
  const ValueOf& value_of_;
  const CodeSection* section_ = nullptr;
  uint32_t program_ = 0;
  std::vector<Place> functions_;  // to be walked
  std::set<Place> entered_;
  std::map<uint32_t, Registers> states_;
  std::set<uint32_t> pending_;
  std::set<Place> seen_;
  std::vector<Reached> reached_;
};

}  // namespace

std::vector<Reached> reach(const ObjectCode& code, const ValueOf& value_of) {
  return Walker(code, value_of).walk();
}

}  // namespace scx::audit
