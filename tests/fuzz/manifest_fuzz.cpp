// Any bytes as a manifest: refused with a reason, or read; and what was read is
// written and read again as it was.
#include "runtime/abi/manifest.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const scx::fuzz::TimeLimit limit;
  const scx::Result<scx::abi::Manifest> read = scx::abi::manifest_from_json(scx::fuzz::text_of(data, size));
  if (!read) {
    SCX_CHECK(!read.error().message.empty(), "a refusal has a reason");
    return 0;
  }
  const std::string text = scx::abi::to_json(*read);
  const scx::Result<scx::abi::Manifest> again = scx::abi::manifest_from_json(text);
  SCX_CHECK(again.ok(), "what was read is written so that it can be read");
  SCX_CHECK(*again == *read, "what was written is what was read");
  return 0;
}
