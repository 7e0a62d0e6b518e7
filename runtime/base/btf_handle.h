// libbpf's types, with an owner. Whoever includes this links libbpf.
#pragma once

#include <memory>

#include <bpf/btf.h>

namespace scx {

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};
using BtfHandle = std::unique_ptr<btf, FreeBtf>;

}  // namespace scx
