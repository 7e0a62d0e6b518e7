// What all JSON documents of a run have in common. For the renderers only.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace scx::report {

using Json = nlohmann::ordered_json;

Json document_head(std::string_view type, const std::string& policy, const std::string& fingerprint,
                   double elapsed_s);
// One line, also of bytes that are no UTF-8.
std::string document_line(const Json& document);

}  // namespace scx::report
