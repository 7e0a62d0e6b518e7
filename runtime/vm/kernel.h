// Stock kernels by series: found in the cache, else fetched from the Debian
// archive that the machine's apt knows (fetch_kernel.sh). Used by scx-run --vm,
// by the VM tests and by scx-vm-boot.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace scx::vm {

// The series that every change is tested on: the oldest supported one, the
// long-term one, and the newest.
inline constexpr std::string_view kTestedSeries[] = {"6.16", "6.18", "7.3"};
// What scx-run --vm takes when no series is named.
inline constexpr std::string_view kDefaultSeries = "6.18";

// A kernel in the cache. `release` as uname -r says it.
struct Kernel {
  std::string release;
  std::string image;
  std::string config;
  // Empty unless modules were asked for.
  std::string modules;
};

struct KernelRequest {
  // `6.18` (newest of the series) or `6.18.15` (that release).
  std::string series;
  // `cloud-amd64` (small: no devices beyond virtio) or `amd64` (all drivers).
  std::string flavour = "cloud-amd64";
  bool modules = false;
  // Never ask the archive.
  bool offline = false;
};

// The newest cached kernel that fits, else a freshly fetched one. Says on
// standard error what it fetches. Reasons: "bad-series" (not a series),
// "no-kernel" (archive and cache lack it), "fetch-failed".
Result<Kernel> find_kernel(const KernelRequest& request);

// The cached kernels, oldest first.
Result<std::vector<Kernel>> cached_kernels();

// Orders releases as numbers: 6.9 before 6.18.
bool release_less(std::string_view left, std::string_view right);
// Whether `release` belongs to `series` (two or three numbers) and `flavour`.
bool release_matches(std::string_view release, std::string_view series, std::string_view flavour);

}  // namespace scx::vm
