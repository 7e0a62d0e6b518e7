// The shortest name or path that some string tests accept and others do not,
// found by running the classifier's own automata side by side, so what is proved
// is what runs. Used by task_search.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
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

// The cells of one policy: each path lies in one of them.
struct CellTable {
  std::vector<abi::Expression> claims;  // over predicates of `cgroup`; root's, the first, is never asked
  std::vector<bool> families;
};

// In which cell a path is to lie, for each table of the search; nothing: in any.
using CellNeeds = std::vector<std::optional<uint32_t>>;

// What a value has to satisfy: predicates of one attribute, or of `comm` and `leader comm` for a task that is
// its own leader. `cells`: where the path lies (only with predicates of `cgroup`); empty: anywhere.
struct StringNeeds {
  std::vector<uint32_t> accepted;  // ascending
  std::vector<uint32_t> refused;   // ascending
  CellNeeds cells;
  bool families_full = false;  // families may have refused any cgroup, those of all tables the same ones
  auto operator<=>(const StringNeeds&) const = default;
};

struct StringFinding {
  Answer answer = Answer::kNone;
  std::string value;  // kFound: the shortest, of those the first in automata::witness_order()
};

// Positions that all searches of one policy look at together: about a second.
inline constexpr size_t kMaxPositionsOfAll = 150'000;

class StringSearch {
 public:
  // `classifier` outlives the search; its predicates are what the claims of `tables` read.
  StringSearch(const abi::Classifier& classifier, std::vector<CellTable> tables,
               size_t max_positions = kMaxPositionsOfAll);

  // Precondition: `attribute` is what the predicates read, kComm for both names together.
  const StringFinding& find(abi::Attribute attribute, const StringNeeds& needs);

  // The cells that some path lies in, one of each table. Nothing if a bound was hit.
  std::optional<std::set<std::vector<uint32_t>>> common_cells(bool families_full);

 private:
  // States from which the predicate's bit may still be set, by state of its automaton.
  const std::vector<bool>& hopeful(uint32_t predicate);
  StringFinding search(abi::Attribute attribute, const StringNeeds& needs);

  const abi::Classifier& classifier_;
  std::vector<CellTable> tables_;
  size_t max_positions_;
  size_t positions_ = 0;  // looked at by all searches so far
  automata::Dfa names_, paths_;
  std::map<uint32_t, std::vector<bool>> hopeful_;
  std::map<std::pair<abi::Attribute, StringNeeds>, StringFinding> known_;
};

}  // namespace scx::analysis
