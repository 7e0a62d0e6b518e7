#include "compiler/codegen/codegen.h"

#include <filesystem>

#include <fmt/format.h>

#include "compiler/codegen/classifier_text.h"
#include "compiler/codegen/constants.h"
#include "compiler/codegen/dictionary.h"
#include "compiler/codegen/features.h"
#include "compiler/codegen/gpu.h"
#include "compiler/codegen/places.h"
#include "compiler/codegen/template_text.h"
#include "compiler/codegen/unit.h"
#include "runtime/base/check.h"
#include "runtime/base/file.h"

namespace scx::bpf_templates {
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_files();
}  // namespace scx::bpf_templates

namespace scx::codegen {

const Templates& Templates::embedded() {
  static const Templates templates = [] {
    Templates all;
    for (const auto& [name, text] : bpf_templates::embedded_files()) all.files_.emplace_back(name, text);
    return all;
  }();
  return templates;
}

Result<Templates> Templates::load(const std::string& directory) {
  Templates templates = embedded();
  if (directory.empty()) return templates;
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return make_error("{} is not a directory of templates", scx::quoted(directory));
  }
  for (auto& [name, text] : templates.files_) {
    const std::string path = directory + "/" + name;
    if (!std::filesystem::exists(path, error)) continue;
    SCX_TRY(text, read_file(path));
  }
  return templates;
}

std::string_view Templates::text(std::string_view name) const {
  for (const auto& [file, text] : files_) {
    if (file == name) return text;
  }
  SCX_CHECK(false, "there is a template of that name");
}

namespace {

std::string text_name(const Sources& sources) {
  return std::filesystem::path(sources.logical_path(FileId{})).stem().string() + ".bpf.c";
}

std::string title(const model::Policy& policy, const Sources& sources) {
  std::string out = fmt::format(
      "/* SPDX-License-Identifier: GPL-2.0-only */\n"
      "/*\n"
      " * {}: a sched_ext scheduler, compiled from {}.\n"
      " *\n"
      " * Its domains, in the order in which layers are matched:\n",
      policy.name, sources.logical_path(FileId{}));
  for (const model::Cell& cell : policy.cells) {
    if (cell.max > 1)
      out += fmt::format(" *   {} cells {}, each with, from domain {}:\n", cell.max, cell.name,
                         cell.first_domain);
    else if (policy.cells.size() > 1)
      out += fmt::format(" *   cell {}:\n", cell.name);
    for (uint32_t l = 0; l < cell.layers.size(); ++l)
      out += fmt::format(" *   {}{} {}, {}\n", policy.cells.size() > 1 ? "  " : "",
                         cell.max > 1 ? fmt::format("+{}", l) : fmt::to_string(cell.first_domain + l),
                         cell.layers[l].name, model::spelling(cell.layers[l].kind));
  }
  return out + " */\n";
}

// The files of the scheduler itself, callees first.
constexpr std::string_view kPolicyFiles[] = {
    "cgroup.bpf.c",     "affinity.bpf.c", "gpu.bpf.c",     "classify.bpf.c", "events.bpf.c",
    "gpu_events.bpf.c", "guests.bpf.c",   "account.bpf.c", "place.bpf.c",    "dispatch.bpf.c",
    "plan.bpf.c",       "report.bpf.c",   "ops.bpf.c",
};

}  // namespace

std::string emit(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                 const Templates& templates) {
  SCX_CHECK(policy.domains.size() <= kMaxDomains, "sema limits the number of domains");
  const Usage usage = usage_of(policy, classifier);
  const Features features = features_of(policy, classifier, usage);
  // A template of which only its introduction is left is not there.
  const auto selected = [&](std::string_view name) {
    std::string text = select(templates.text(name), features);
    return identifiers(text).empty() ? "" : text;
  };

  Unit unit(text_name(sources));
  unit.add(Section::kTitle, title(policy, sources));
  unit.add(Section::kFeed, selected("feed.h"));
  unit.add(Section::kConstants, policy_constants(policy));
  unit.add(Section::kConstants, domain_table(policy, features, sources));
  unit.add(Section::kConstants, gpu_tables(gpu_tests_of(classifier, usage)));
  for (const std::string_view file : kPolicyFiles) {
    unit.add(Section::kPolicy, selected(file));
  }
  unit.add_located(Section::kClassifier, classifier_text(policy, classifier, usage, sources));
  // What is only there to be used, from the users down.
  if (features.contains("multi")) {
    unit.add(Section::kSubject, needed(selected("subject.bpf.h"), unit.names()));
    unit.add(Section::kConstants, needed(automata_counts(classifier, usage), unit.names()));
    unit.add(Section::kConstants, needed(place_constants(places_of(classifier, usage)), unit.names()));
  }
  NameLookup with_version = unit.names();
  with_version.insert("feed_version");  // the loader reads it
  unit.add(Section::kState, needed(selected("state.h"), std::move(with_version)));
  unit.add(Section::kCompat, needed(selected("compat.h"), unit.names()));
  unit.add(Section::kGuards, needed(selected("guards.h"), unit.names()));
  unit.add(Section::kKernel, needed(selected("kernel.h"), unit.names()));
  return unit.print();
}

std::vector<abi::Place> places(const model::Policy& policy, const abi::Classifier& classifier) {
  return places_of(classifier, usage_of(policy, classifier));
}

std::string emit_host(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                      const Templates& templates) {
  const Usage usage = usage_of(policy, classifier);
  Features features = features_of(policy, classifier, usage);
  Unit unit(std::filesystem::path(sources.logical_path(FileId{})).stem().string() + ".host.c");
  unit.add(Section::kFeed, select(templates.text("host_task.h"), features));
  unit.add(Section::kConstants, needed(automata_counts(classifier, usage), templates.text("subject.host.h")));
  unit.add(Section::kSubject, select(templates.text("subject.host.h"), features));
  unit.add_located(Section::kClassifier, classifier_text(policy, classifier, usage, sources));
  std::string table;
  if (policy.domains.size() < 2) {
    table += "static u32 classify(const struct subject *s) { return 0; }\n\n";
  }
  table +=
      "/* The predicates that layers use. */\nstatic bool (*const tests[])(const struct subject *s) = {\n";
  for (size_t i = 0; i < usage.predicates.size(); i++) {
    table += usage.predicates[i] ? fmt::format("\t[{0}] = test_{0},\n", i) : fmt::format("\t[{}] = 0,\n", i);
  }
  unit.add(Section::kPolicy, table + "\t0,\n};\n");
  unit.add(Section::kPolicy, select(templates.text("host.c"), features));
  return unit.print();
}

}  // namespace scx::codegen
