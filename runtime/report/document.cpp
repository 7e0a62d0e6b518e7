#include "runtime/report/document.h"

#include "runtime/report/render.h"

namespace scx::report {

Json document_head(std::string_view type, const std::string& policy, const std::string& fingerprint,
                   double elapsed_s) {
  Json document;
  document["schema"] = "scx-run.stats";
  document["version"] = kStatsVersion;
  document["type"] = type;
  document["policy"] = policy;
  document["fingerprint"] = fingerprint;
  document["elapsed_s"] = elapsed_s;
  return document;
}

std::string document_line(const Json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace scx::report
