// The emitted file as sections in a fixed order. It alone knows blank lines and
// `#line`: what policy-located text leaves behind is led back to this file.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/codegen/dictionary.h"

namespace scx::codegen {

enum class Section : uint8_t {
  kTitle,       // what this file is
  kKernel,      // types, helpers, kernel functions
  kFeed,        // what the loader shares
  kGuards,      // resources
  kCompat,      // forms of kernel functions
  kConstants,   // the policy's numbers
  kState,       // maps and look-ups
  kSubject,     // how the classifier reads a task
  kClassifier,  // the policy's tests
  kPolicy,      // the scheduler
  kManifest,    // for the loader
};
inline constexpr size_t kSectionCount = 11;

class Unit {
 public:
  // `name`: the file that `#line` leads back to.
  explicit Unit(std::string name) : name_(std::move(name)) {}

  // Text that ends in a newline, or nothing. A blank line parts it from what stands before.
  void add(Section section, std::string text);
  // Text whose own `#line` directives name policy files.
  void add_located(Section section, std::string text);

  // Every name in what was added so far, to find out what a dictionary must give.
  [[nodiscard]] const NameLookup& names() const { return names_; }

  [[nodiscard]] std::string print() const;

 private:
  struct Piece {
    std::string text;
    bool located = false;
  };
  std::string name_;
  std::array<std::vector<Piece>, kSectionCount> sections_;
  NameLookup names_;
};

}  // namespace scx::codegen
