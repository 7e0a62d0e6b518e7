// The emitted classifier, compiled for this machine's CPU and callable: the
// second engine of `scxc test`, so that what is tested is the C text that runs
// in the kernel. The driver builds it; bpf_templates/subject.host.h, the
// prelude of the text, defines the structure that describes a task.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace scx::backend {

// Owns the machine code. Calling it is thread-safe when the text keeps no state.
class HostFunction {
 public:
  // Compiles self-contained C `text` and looks up `symbol`. Errors are faults
  // of ours, as in compile_bpf.
  static Result<HostFunction> compile(std::string_view text, const std::string& symbol);
  HostFunction(HostFunction&&) noexcept;
  HostFunction& operator=(HostFunction&&) noexcept;
  ~HostFunction();

  // The function's address as a pointer to a function of type `Signature`;
  // it must not outlive this object.
  template <typename Signature>
  [[nodiscard]] Signature* as() const {
    return reinterpret_cast<Signature*>(address_);
  }

 private:
  struct Code;
  HostFunction();
  std::unique_ptr<Code> code_;
  uintptr_t address_ = 0;
};

}  // namespace scx::backend
