// `--host` of `scxc explain`: the machine that was named, and what a domain of
// the policy has on it. Used by the explain commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "compiler/driver/options.h"
#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"
#include "runtime/explain/host_plan.h"

namespace scx::driver {

// Neither if no machine was named.
struct AskedHost {
  std::optional<explain::HostPlan> plan;
  std::optional<Error> misfit;  // the policy does not fit the machine: said last, after what is true anywhere
};

// The exit code if there is no such machine, which was said then.
std::optional<int> plan_on_asked_host(const Options& options, const abi::Manifest& manifest, uint32_t domain,
                                      AskedHost& out);

// What the machine adds to an explanation in JSON: `host`, null where the policy does not fit it.
void add_host(const AskedHost& host, nlohmann::json& document);
// In text, behind an empty line.
std::string host_text(const AskedHost& host);
// The exit code of the explanation; says the misfit.
int end_with_host(const Options& options, const AskedHost& host);

}  // namespace scx::driver
