// Any bytes as an object and a kernel's file, the object's length in the first
// two bytes: each is refused with a reason, or the one is audited for the other.
#include <algorithm>

#include "runtime/audit/audit.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const scx::fuzz::TimeLimit limit;
  const std::string bytes = scx::fuzz::text_of(data + 2, size - 2);
  const size_t length = std::min<size_t>(bytes.size(), size_t{data[0]} | size_t{data[1]} << 8);
  const std::string object = bytes.substr(0, length);
  const scx::Result<scx::audit::Kernel> kernel = scx::audit::parse_kernel("kernel", bytes.substr(length));
  const scx::Result<scx::audit::ObjectCode> code = scx::audit::read_code(object);
  if (!kernel) SCX_CHECK(!kernel.error().reason.empty(), "a refused kernel has a reason");
  if (!code) SCX_CHECK(code.error().reason == "corrupt-object", "a refused object has a reason");
  if (!kernel || !code) return 0;
  for (const scx::audit::Lack& lack : scx::audit::audit({}, *code, *kernel))
    SCX_CHECK(!lack.message.empty() && !lack.help.empty(), "what is in the way is told, with help");
  return 0;
}
