// The shortest name or path that some string tests accept and others do not,
// found by running the classifier's own automata side by side, so what is proved
// is what runs. Used by task_search.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/automata/dfa.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

enum class Answer : uint8_t {
  kFound,
  kNone,       // proved: there is none
  kUndecided,  // a bound was hit
};

// What a value has to satisfy: predicates of one attribute, or of `comm` and `leader comm` for a task that is
// its own leader. `cell`: the path lies in that cell (only with predicates of `cgroup`).
struct StringNeeds {
  std::vector<uint32_t> accepted;  // ascending
  std::vector<uint32_t> refused;   // ascending
  std::optional<uint32_t> cell;
  bool families_full = false;  // a family may have refused any of its cgroups
  auto operator<=>(const StringNeeds&) const = default;
};

struct StringFinding {
  Answer answer = Answer::kNone;
  std::string value;  // kFound: the shortest, of those the first in automata::witness_order()
};

class StringSearch {
 public:
  // `classifier` outlives the search. `families`: for each cell, whether it is one.
  StringSearch(const abi::Classifier& classifier, std::vector<bool> families);

  // Precondition: `attribute` is what the predicates read, kComm for both names together.
  const StringFinding& find(abi::Attribute attribute, const StringNeeds& needs);

 private:
  // States from which the predicate's bit may still be set, by state of its automaton.
  const std::vector<bool>& hopeful(uint32_t predicate);
  StringFinding search(abi::Attribute attribute, const StringNeeds& needs);

  const abi::Classifier& classifier_;
  std::vector<bool> families_;
  size_t positions_ = 0;  // looked at by all searches so far
  automata::Dfa names_, paths_;
  std::map<uint32_t, std::vector<bool>> hopeful_;
  std::map<std::pair<abi::Attribute, StringNeeds>, StringFinding> known_;
};

}  // namespace scx::analysis
