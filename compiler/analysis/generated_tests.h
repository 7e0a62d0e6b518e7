// `scxc test --generate`: tests that a policy lacks, as text to be appended to
// it: one for each layer that no test expects, one for each value of a test of
// an attribute that no test has shown. The driver prints them.
#pragma once

#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

struct GeneratedTest {
  std::string name;
  std::string layer, cell;  // what it expects
  std::string text;         // the whole block, ends in a newline
};

// What no test can show.
struct Unsayable {
  std::string what;  // "layer `rest` in `root`", "`nice < 0` is false"
  std::string why;
};

struct GeneratedTests {
  std::vector<GeneratedTest> tests;
  std::vector<Unsayable> unsayable;
};

// The same for the same policy. Each test passes, and names no other's name.
// Preconditions: sema accepted the policy; `classifier` was built from it.
GeneratedTests generate_tests(const model::Policy& policy, const abi::Classifier& classifier);

// The blocks, and what cannot be said as comments; empty if nothing is missing.
std::string to_text(const GeneratedTests& generated);
// One JSON object, `version` 1, ends in a newline.
std::string to_json(const GeneratedTests& generated);

}  // namespace scx::analysis
