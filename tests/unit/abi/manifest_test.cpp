// The manifest's JSON: what is written is read back, and nothing that a hostile file holds gets through.
#include "runtime/abi/manifest.h"

#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace scx::abi {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Kind = Expression::Kind;

// One of everything.
Manifest sample() {
  Manifest out;
  out.compiler = "scxc 0.1.0";
  out.policy = "edge";
  out.fingerprint = "00ff";
  out.min_kernel = "6.16";
  out.min_kernel_where = Location{"edge.scx", 4, 5};
  out.watchdog_ns = 30'000'000'000;
  Cell root;
  root.name = "root";
  root.where = {"edge.scx", 2, 8};
  root.layer_count = 2;
  root.min = {CpuAmount::Unit::kCores, 4};
  Domain web;
  web.cell = "root";
  web.layer = "web";
  web.kind = LayerKind::kConfined;
  web.cpus = {{CpuAmount::Unit::kCores, 2}, {CpuAmount::Unit::kPercent, 50}};
  web.slice_ns = 2'000'000;
  web.resume_latency_ns = 20'000;
  web.weight = 300;
  web.order = QueueOrder::kFifo;
  web.preempt = true;
  web.where = {"edge.scx", 12, 5};
  Domain rest;
  rest.cell = "root";
  rest.layer = "rest";
  rest.slice_ns = 20'000'000;
  // A family with every setting; the layers of its slots stand in the document once.
  Cell tenants;
  tenants.name = "tenants";
  tenants.kind = CellKind::kFamily;
  tenants.max = 3;
  tenants.first_slot = 1;
  tenants.first_domain = 2;
  tenants.layer_count = 1;
  tenants.source = CellCpus::kCpuset;
  tenants.cpus = {{CpuAmount::Unit::kCpus, 2}, {CpuAmount::Unit::kPercent, 25}};
  tenants.cpu_list = {{0, 3}, {8, 8}};
  tenants.weight = 200;
  tenants.nodes = {{1, 1}};
  tenants.llcs = {{2, 3}};
  tenants.align = Alignment::kLlc;
  tenants.borrow = Borrow{2'000'000};
  tenants.lends = false;
  tenants.rebalance = Rebalance{15, 3'000'000'000, 250, 7'000'000'000};
  tenants.affinity = CellAffinity::kReject;
  tenants.share_with = "root";
  tenants.overflow = Overflow::kShare;
  out.cells = {root, tenants};
  out.domains = {web, rest};
  for (uint32_t slot = 1; slot <= 3; ++slot) {
    Domain all = rest;
    all.cell = "tenants";
    all.layer = "all";
    all.slot = slot;
    out.domains.push_back(all);
  }
  out.rows = {4, 1};
  Automaton automaton;
  automaton.attribute = Attribute::kCgroup;
  automaton.class_count = 2;
  automaton.class_of['/'] = 1;
  automaton.next = {0, 1, 1, 0};
  automaton.entered = {0, 1};
  automaton.final = {uint64_t{1} << 63, 0};
  Predicate under;
  under.attribute = Attribute::kCgroup;
  under.bit = 63;
  under.text = "cgroup under \"/web\"";
  under.where = {"edge.scx", 13, 11};
  Predicate nice;
  nice.attribute = Attribute::kNice;
  nice.ranges = {{-20, -6}, {0, 0}};
  Predicate user;
  user.attribute = Attribute::kUid;
  user.names = {"nobody"};
  user.negated_names = true;
  Predicate gpu;
  gpu.attribute = Attribute::kGpuProcess;
  gpu.ranges = {{1, 1}};
  gpu.device = 3;
  gpu.for_ns = 300'000'000'000;
  out.gpu_devices = {"/dev/mali0"};
  out.classifier.predicates = {under, nice, user, gpu};
  out.classifier.automata = {automaton};
  const auto test = [](uint32_t i) { return Expression{Kind::kTest, i, {}}; };
  const Expression negated{Kind::kNot, 0, {test(2)}};
  const Expression match{Kind::kOr, 0, {{Kind::kAnd, 0, {test(0), test(1)}}, negated}};
  out.classifier.cells = {{{}, {{0, match, {"edge.scx", 13, 5}}, {1, {}, {}}}}, {test(0), {{2, {}, {}}}}};
  out.places = {{Place::Kind::kNode, 1}, {Place::Kind::kOnline, 0}};
  out.kernel_functions = {{"scx_bpf_dsq_insert", false}, {"scx_bpf_kick_cpu", true}};
  return out;
}

TEST(Manifest, RoundTrip) {
  const Manifest manifest = sample();
  const std::string text = to_json(manifest);
  EXPECT_TRUE(text.ends_with("}\n"));
  const auto back = manifest_from_json(text);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, manifest);
  EXPECT_EQ(to_json(*back), text);
}

TEST(Manifest, TablesStandInOneLine) { EXPECT_THAT(to_json(sample()), HasSubstr("\"next\": [0,1,1,0]\n")); }

TEST(Manifest, BytesThatAreNotUtf8DoNotStopIt) {
  Manifest manifest = sample();
  manifest.classifier.predicates[0].text = "\xff\xfe";
  const auto back = manifest_from_json(to_json(manifest));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->classifier.predicates[0].text, "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Manifest, AMemberOfALaterMinorFormIsIgnored) {
  json document = json::parse(to_json(sample()));
  document["later"] = {{"x", 1}};
  EXPECT_TRUE(manifest_from_json(document.dump()).ok());
}

struct Hostile {
  const char* where;  // the path that the error must name
  const char* what;
  std::function<void(json&)> change;
};

TEST(Manifest, EachMistakeIsNamedWithItsPath) {
  const Hostile rows[] = {
      {"$", "`version` is missing", [](json& m) { m.erase("version"); }},
      {"$.version", "this build reads version 4", [](json& m) { m["version"] = 1; }},
      {"$.version", "not an integer", [](json& m) { m["version"] = "3"; }},
      {"$.version", "not an integer", [](json& m) { m["version"] = 1.5; }},
      {"$", "`policy` is missing", [](json& m) { m.erase("policy"); }},
      {"$.policy", "empty", [](json& m) { m["policy"] = ""; }},
      {"$.policy", "control character", [](json& m) { m["policy"] = "a\x1b[2J"; }},
      {"$.policy", "bytes long", [](json& m) { m["policy"] = std::string(256, 'a'); }},
      {"$.watchdog_ns", "outside", [](json& m) { m["watchdog_ns"] = -1; }},
      {"$.cells", "not an array", [](json& m) { m["cells"] = json::object(); }},
      {"$.cells", "0 elements", [](json& m) { m["cells"] = json::array(); }},
      {"$.cells[0]", "not an object", [](json& m) { m["cells"][0] = 7; }},
      {"$.cells[0].kind", "is root", [](json& m) { m["cells"][0]["kind"] = "static"; }},
      {"$.cells[1].kind", "is root", [](json& m) { m["cells"][1]["kind"] = "root"; }},
      {"$.cells[1].max", "outside 1..1", [](json& m) { m["cells"][1]["kind"] = "static"; }},
      {"$.cells[1].max", "outside 1..", [](json& m) { m["cells"][1]["max"] = 0; }},
      {"$.cells[1].source", "unknown word", [](json& m) { m["cells"][1]["source"] = "thin air"; }},
      {"$.cells[1].cpu_list[1]", "not above", [](json& m) { m["cells"][1]["cpu_list"][1] = {2, 2}; }},
      {"$.cells[1].weight", "outside 1..10000", [](json& m) { m["cells"][1]["weight"] = 0; }},
      {"$.cells[0].min.unit", "unknown word", [](json& m) { m["cells"][0]["min"]["unit"] = "heads"; }},
      {"$.cells[1].align", "unknown word", [](json& m) { m["cells"][1]["align"] = "left"; }},
      {"$.cells[1].lends", "not a boolean", [](json& m) { m["cells"][1]["lends"] = 1; }},
      {"$.cells[1].borrow.return_within_ns", "outside",
       [](json& m) { m["cells"][1]["borrow"]["return_within_ns"] = 0; }},
      {"$.cells[1].rebalance.threshold", "outside 1..100",
       [](json& m) { m["cells"][1]["rebalance"]["threshold"] = 0; }},
      {"$.cells[1].rebalance.smoothing", "outside 1..1000",
       [](json& m) { m["cells"][1]["rebalance"]["smoothing"] = 1001; }},
      {"$.cells[1].affinity", "unknown word", [](json& m) { m["cells"][1]["affinity"] = "strong"; }},
      {"$.cells[1].share_with", "empty", [](json& m) { m["cells"][1]["share_with"] = ""; }},
      {"$.cells[1].overflow", "unknown word", [](json& m) { m["cells"][1]["overflow"] = "drain"; }},
      {"$.cells[1].layers", "0 elements", [](json& m) { m["cells"][1]["layers"] = json::array(); }},
      {"$.cells[1].layers", "too many domains", [](json& m) { m["cells"][1]["max"] = 4095; }},
      {"$.rows.cells", "neither none nor one a slot", [](json& m) { m["rows"]["cells"] = 3; }},
      {"$.rows.lent", "outside 0..1", [](json& m) { m["rows"]["lent"] = 2; }},
      {"$.cells[0].layers[1].kind", "unknown word",
       [](json& m) { m["cells"][0]["layers"][1]["kind"] = "closed"; }},
      {"$.cells[0].layers[1].weight", "outside 1..10000",
       [](json& m) { m["cells"][0]["layers"][1]["weight"] = 0; }},
      {"$.cells[0].layers[1].weight", "outside",
       [](json& m) { m["cells"][0]["layers"][1]["weight"] = 4294967297; }},
      {"$.cells[0].layers[1].slice_ns", "outside",
       [](json& m) { m["cells"][0]["layers"][1]["slice_ns"] = 0; }},
      {"$.cells[0].layers[0].resume_latency_ns", "whole number of microseconds",
       [](json& m) { m["cells"][0]["layers"][0]["resume_latency_ns"] = 1; }},
      {"$.cells[0].layers[0].resume_latency_ns", "outside",
       [](json& m) { m["cells"][0]["layers"][0]["resume_latency_ns"] = 1'000'001'000; }},
      {"$.cells[0].layers[0].resume_latency_ns", "not an integer",
       [](json& m) { m["cells"][0]["layers"][0]["resume_latency_ns"] = nullptr; }},
      {"$.cells[0].layers[0].preempt", "not a boolean",
       [](json& m) { m["cells"][0]["layers"][0]["preempt"] = 1; }},
      {"$.cells[0].layers[0].cpus.ceiling.value", "outside 0..100",
       [](json& m) { m["cells"][0]["layers"][0]["cpus"]["ceiling"]["value"] = 101; }},
      {"$.cells[0].layers[0].where.file", "control character",
       [](json& m) { m["cells"][0]["layers"][0]["where"]["file"] = "a\x1b[2J.scx"; }},
      {"$.cells[0].layers[0].where", "`line` is missing",
       [](json& m) { m["cells"][0]["layers"][0]["where"].erase("line"); }},
      {"$.fingerprint", "control character", [](json& m) { m["fingerprint"] = "\r"; }},
      {"$.classifier.automata[0].attribute", "string attribute",
       [](json& m) { m["classifier"]["automata"][0]["attribute"] = "pid"; }},
      {"$.classifier.automata[0].class_count", "outside 1..256",
       [](json& m) { m["classifier"]["automata"][0]["class_count"] = 0; }},
      {"$.classifier.automata[0].class_of[7]", "points outside the 2 classes",
       [](json& m) { m["classifier"]["automata"][0]["class_of"][7] = 2; }},
      {"$.classifier.automata[0].class_of", "elements",
       [](json& m) { m["classifier"]["automata"][0]["class_of"].erase(0); }},
      {"$.classifier.automata[0].next[3]", "points outside the 2 states",
       [](json& m) { m["classifier"]["automata"][0]["next"][3] = 2; }},
      {"$.classifier.automata[0].next", "elements",
       [](json& m) { m["classifier"]["automata"][0]["next"].push_back(0); }},
      {"$.classifier.automata[0].entered", "0 elements",
       [](json& m) { m["classifier"]["automata"][0]["entered"] = json::array(); }},
      {"$.classifier.automata[0].entered", "257 elements",
       [](json& m) { m["classifier"]["automata"][0]["entered"] = std::vector<int>(257, 0); }},
      {"$.classifier.automata[0].final", "elements",
       [](json& m) { m["classifier"]["automata"][0]["final"].push_back(0); }},
      {"$.classifier.predicates[0].automaton", "points outside the 1 automata",
       [](json& m) { m["classifier"]["predicates"][0]["automaton"] = 1; }},
      {"$.classifier.predicates[0].automaton", "another attribute",
       [](json& m) { m["classifier"]["predicates"][0]["attribute"] = "comm"; }},
      {"$.classifier.predicates[0].bit", "outside the 64 bits",
       [](json& m) { m["classifier"]["predicates"][0]["bit"] = 64; }},
      {"$.classifier.predicates[1].attribute", "unknown attribute",
       [](json& m) { m["classifier"]["predicates"][1]["attribute"] = "mood"; }},
      {"$.classifier.predicates[1].ranges[0]", "before it begins",
       [](json& m) { m["classifier"]["predicates"][1]["ranges"][0] = {3, 2}; }},
      {"$.classifier.predicates[1].ranges[1]", "not above",
       [](json& m) { m["classifier"]["predicates"][1]["ranges"][1] = {-5, 0}; }},
      {"$.classifier.predicates[1].ranges[1]", "not above",
       [](json& m) { m["classifier"]["predicates"][1]["ranges"][0] = {-20, INT64_MAX}; }},
      {"$.classifier.predicates[1].ranges[0]", "3 elements",
       [](json& m) { m["classifier"]["predicates"][1]["ranges"][0] = {1, 2, 3}; }},
      {"$.classifier.predicates[1].names", "elements",
       [](json& m) { m["classifier"]["predicates"][1]["names"] = {"root"}; }},
      {"$.classifier.predicates[2]", "negated names",
       [](json& m) { m["classifier"]["predicates"][2]["names"] = json::array(); }},
      {"$.classifier.cells[0].layers[0].domain", "points outside the 5 domains",
       [](json& m) { m["classifier"]["cells"][0]["layers"][0]["domain"] = 5; }},
      {"$.classifier.cells[0].layers[0].match.operands[0].operands[1].predicate",
       "points outside the 4 predicates",
       [](json& m) {
         m["classifier"]["cells"][0]["layers"][0]["match"]["operands"][0]["operands"][1]["predicate"] = 4;
       }},
      {"$.classifier.cells[0].layers[0].match.operands", "1 elements where 2",
       [](json& m) { m["classifier"]["cells"][0]["layers"][0]["match"]["operands"].erase(0); }},
      {"$.classifier.cells[0].layers[0].match.operands[1].operands", "2 elements where 1",
       [](json& m) {
         json& operands = m["classifier"]["cells"][0]["layers"][0]["match"]["operands"][1]["operands"];
         operands.push_back(json(operands[0]));
       }},
      {"$.classifier.cells[0].layers[1].match", "takes no operands",
       [](json& m) { m["classifier"]["cells"][0]["layers"][1]["match"]["operands"] = json::array(); }},
      {"$.classifier.cells[1].claim", "more than the cgroup",
       [](json& m) { m["classifier"]["cells"][1]["claim"]["predicate"] = 1; }},
      {"$.classifier", "not one entry a cell", [](json& m) { m["classifier"]["cells"].erase(1); }},
      {"$.classifier.predicates[3].device", "outside 0..4294967295",
       [](json& m) { m["classifier"]["predicates"][3]["device"] = -1; }},
      {"$.classifier.predicates[3].for_ns", "outside",
       [](json& m) { m["classifier"]["predicates"][3]["for_ns"] = 0; }},
      {"$.gpu_devices", "17 elements", [](json& m) { m["gpu_devices"] = json(17, "/dev/mali0"); }},
      {"$.gpu_devices[0]", "empty", [](json& m) { m["gpu_devices"][0] = ""; }},
      {"$.places", "64 elements", [](json& m) { m["places"] = json(64, json{{"kind", "node"}, {"id", 0}}); }},
      {"$.places[0].kind", "unknown word", [](json& m) { m["places"][0]["kind"] = "core"; }},
      {"$.places[1]", "`id` is missing", [](json& m) { m["places"][1].erase("id"); }},
      {"$.kernel_functions[0].name", "not a string",
       [](json& m) { m["kernel_functions"][0]["name"] = nullptr; }},
  };
  for (const Hostile& row : rows) {
    json document = json::parse(to_json(sample()));
    row.change(document);
    const auto read = manifest_from_json(document.dump());
    ASSERT_FALSE(read.ok()) << row.where << " " << row.what;
    EXPECT_THAT(read.error().message, HasSubstr("`" + std::string(row.where) + "`"));
    EXPECT_THAT(read.error().message, HasSubstr(row.what)) << row.where;
    EXPECT_THAT(read.error().reason, testing::AnyOf("bad-manifest", "manifest-version"));
  }
}

TEST(Manifest, DepthOfExpressionsIsBounded) {
  const auto nested = [](uint32_t depth) {
    Manifest manifest = sample();
    Expression deep;
    for (uint32_t i = 1; i < depth; ++i) deep = {Kind::kNot, 0, {deep}};
    manifest.classifier.cells[0].layers[0].match = deep;
    return to_json(manifest);
  };
  EXPECT_TRUE(manifest_from_json(nested(kMaxExpressionDepth)).ok());
  EXPECT_FALSE(manifest_from_json(nested(kMaxExpressionDepth + 1)).ok());
}

TEST(Manifest, NotJson) {
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{"),
        std::string("{\"version\":3}"), std::string(1 << 20, '['), std::string(4096, '\0'),
        std::string("\x7f"
                    "ELF"),
        std::string("{\"version\":1e999}"), std::string("{\"version\":\"\xff\"}"),
        std::string(33u << 20, ' ')}) {
    EXPECT_FALSE(manifest_from_json(text).ok()) << text.substr(0, 20);
  }
}

TEST(Manifest, EveryTruncationIsAnError) {
  const std::string text = to_json(sample());
  for (size_t length = 0; length + 2 < text.size(); length += 17)
    EXPECT_FALSE(manifest_from_json(std::string_view(text).substr(0, length)).ok()) << length;
}

// Values of the document replaced by others, and bytes of the text: an error or a
// manifest that is sound, judged by writing and reading it again.
TEST(Manifest, MutationsNeverCrash) {
  std::mt19937 random(1);
  const auto pick = [&](size_t size) { return std::uniform_int_distribution<size_t>(0, size - 1)(random); };
  const json values[] = {nullptr,    true,  -1, 0,   255,           65536,          INT64_MIN,
                         UINT64_MAX, 1e300, "", "x", json::array(), json::object(), json::array({0}),
                         "all",      "or"};
  const json original = json::parse(to_json(sample()));
  const std::vector<std::string> pointers = [&] {
    std::vector<std::string> out;
    const json flat = original.flatten();
    for (const auto& item : flat.items()) {
      // Every value, and every structure on the way to it.
      std::string path = item.key();
      for (; !path.empty(); path.resize(path.rfind('/'))) out.push_back(path);
    }
    return out;
  }();
  size_t refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string text;
    if (i % 2 == 0) {
      json document = original;
      document[json::json_pointer(pointers[pick(pointers.size())])] = values[pick(std::size(values))];
      text = document.dump();
    } else {
      text = to_json(sample());
      for (size_t k = 0, changes = 1 + pick(4); k < changes; ++k)
        text[pick(text.size())] = static_cast<char>(random());
    }
    const auto read = manifest_from_json(text);
    if (!read.ok()) {
      ++refused;
      EXPECT_FALSE(read.error().message.empty());
      continue;
    }
    const auto again = manifest_from_json(to_json(*read));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(*again, *read);
  }
  EXPECT_GT(refused, 500U);
}

TEST(Manifest, AttributesAreSpelledAsInPolicies) {
  EXPECT_EQ(spelling(Attribute::kLeaderComm), "leader comm");
  for (size_t i = 0; i < kAttributeCount; ++i) EXPECT_FALSE(spelling(static_cast<Attribute>(i)).empty());
}

}  // namespace
}  // namespace scx::abi
