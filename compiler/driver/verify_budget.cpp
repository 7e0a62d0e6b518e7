#include "compiler/driver/verify_budget.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::driver {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

// The figures, under their names in the file and for people.
struct Figure {
  const char* key;
  const char* words;
  uint64_t Bounds::* bound;
  uint64_t ProgramCost::* cost;
};
constexpr Figure kFigures[] = {
    {"instructions", "instructions", &Bounds::instructions, &ProgramCost::instructions},
    {"processed", "instructions walked by the verifier", &Bounds::processed, &ProgramCost::processed},
    {"states", "states kept by the verifier", &Bounds::states, &ProgramCost::states},
    {"stack", "bytes of stack", &Bounds::stack, &ProgramCost::stack_bytes},
};

// Room for what another build of the same kernel may count.
uint64_t with_room(uint64_t figure) { return figure + std::max<uint64_t>((figure + 9) / 10, 8); }

// Reads one file, towards its first mistake.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  Result<Budget> read(std::string_view text) {
    const json document = json::parse(text, nullptr, false);
    if (document.is_discarded()) return wrong("it is not JSON");
    if (!document.is_object() || !document.contains("version")) return wrong("`version` is missing");
    const json& version = document["version"];
    if (!version.is_number_unsigned()) return wrong("`version` is no whole number");
    if (version != kVersion)
      return wrong(fmt::format("`version` is {}, and this scxc knows {}", version.get<uint64_t>(), kVersion));
    if (!document.contains("policies") || !document["policies"].is_object())
      return wrong("`policies` is missing, or no object");
    Budget budget;
    for (const auto& [policy, bounds] : document["policies"].items()) {
      const std::string place = "policies." + policy;
      if (!bounds.is_object()) return wrong(fmt::format("`{}` is no object", printable(place)));
      for (const auto& [key, value] : bounds.items())
        if (key != "total" && key != "programs")
          return wrong(
              fmt::format("`{}.{}` is neither `total` nor `programs`", printable(place), printable(key)));
      PolicyBounds& into = budget[policy];
      if (bounds.contains("total")) {
        SCX_TRY(into.total, read_bounds(bounds["total"], place + ".total"));
      }
      if (!bounds.contains("programs")) continue;
      if (!bounds["programs"].is_object())
        return wrong(fmt::format("`{}.programs` is no object", printable(place)));
      for (const auto& [program, one] : bounds["programs"].items()) {
        SCX_TRY(into.programs[program], read_bounds(one, place + ".programs." + program));
      }
    }
    return budget;
  }

 private:
  [[nodiscard]] Error wrong(const std::string& what) const {
    return refusal("bad-budget", fmt::format("the budget {} cannot be read: {}", quoted(path_), what),
                   "`scxc verify FILE --vm=SERIES --write-budget FILE` writes one");
  }

  // A bound that is not written is none.
  Result<Bounds> read_bounds(const json& from, const std::string& place) const {
    if (!from.is_object()) return wrong(fmt::format("`{}` is no object", printable(place)));
    Bounds bounds;
    for (const auto& [key, value] : from.items()) {
      const auto figure = std::find_if(std::begin(kFigures), std::end(kFigures),
                                       [&](const Figure& f) { return key == f.key; });
      if (figure == std::end(kFigures))
        return wrong(fmt::format("`{}.{}` is none of instructions, processed, states, stack",
                                 printable(place), printable(key)));
      if (!value.is_number_unsigned())
        return wrong(fmt::format("`{}.{}` is no whole number", printable(place), key));
      bounds.*figure->bound = value.get<uint64_t>();
    }
    return bounds;
  }

  const std::string& path_;
};

json to_value(const Bounds& bounds) {
  json out = json::object();
  for (const Figure& figure : kFigures)
    if (bounds.*figure.bound != kUnbounded) out[figure.key] = bounds.*figure.bound;
  return out;
}

void raise(Bounds& bounds, const ProgramCost& cost) {
  for (const Figure& figure : kFigures) {
    uint64_t& bound = bounds.*figure.bound;
    const uint64_t needed = with_room(cost.*figure.cost);
    bound = bound == kUnbounded ? needed : std::max(bound, needed);
  }
}

}  // namespace

std::string grouped(uint64_t number) {
  std::string text = fmt::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

Result<Budget> budget_from_json(const std::string& path, std::string_view text) {
  return Reader(path).read(text);
}

std::string to_json(const Budget& budget) {
  json policies = json::object();
  for (const auto& [name, bounds] : budget) {
    json programs = json::object();
    for (const auto& [program, one] : bounds.programs) programs[program] = to_value(one);
    policies[name] = {{"total", to_value(bounds.total)}, {"programs", std::move(programs)}};
  }
  const json document = {{"version", kVersion}, {"policies", std::move(policies)}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Budget budget_of(const std::vector<Verdict>& answers) {
  Budget budget;
  for (const Verdict& answer : answers) {
    if (answer.by != Verdict::By::kLoading || !answer.takes) continue;
    PolicyBounds& bounds = budget[answer.policy];
    raise(bounds.total, total(answer.programs));
    for (const ProgramCost& program : answer.programs) raise(bounds.programs[program.name], program);
  }
  return budget;
}

std::vector<std::string> beyond(const Budget& budget, const std::vector<Verdict>& answers,
                                const std::string& path) {
  std::vector<std::string> found;
  // What holds for all kernels.
  const auto add_once = [&](std::string text) {
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(std::move(text));
  };
  const auto compare = [&](const Verdict& answer, const Bounds& bounds, const ProgramCost& cost,
                           const std::string& of) {
    for (const Figure& figure : kFigures) {
      const uint64_t have = cost.*figure.cost;
      const uint64_t bound = bounds.*figure.bound;
      if (have > bound)
        found.push_back(fmt::format("policy `{}`, {}, on {}: {} {}, {} more than the {} of {}", answer.policy,
                                    of, answer.kernel, grouped(have), figure.words, grouped(have - bound),
                                    grouped(bound), quoted(path)));
    }
  };
  for (const Verdict& answer : answers) {
    if (answer.by != Verdict::By::kLoading || !answer.takes) continue;
    const auto bounds = budget.find(answer.policy);
    if (bounds == budget.end()) {
      add_once(fmt::format("policy `{}` has no bounds in {}: `--write-budget` adds them", answer.policy,
                           quoted(path)));
      continue;
    }
    compare(answer, bounds->second.total, total(answer.programs), "all programs");
    for (const ProgramCost& program : answer.programs)
      if (const auto one = bounds->second.programs.find(program.name); one != bounds->second.programs.end())
        compare(answer, one->second, program, fmt::format("program `{}`", program.name));
    for (const auto& [name, unused] : bounds->second.programs)
      if (std::none_of(answer.programs.begin(), answer.programs.end(),
                       [&](const ProgramCost& program) { return program.name == name; }))
        add_once(
            fmt::format("policy `{}` has no program `{}` any more, which {} bounds: `--write-budget` "
                        "drops it",
                        answer.policy, name, quoted(path)));
  }
  return found;
}

}  // namespace scx::driver
