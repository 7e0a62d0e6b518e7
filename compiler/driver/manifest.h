// The manifest of a compilation: the facts of model and object that scx-run
// needs, as abi::Manifest. The pipeline builds it after the object is checked.
#pragma once

#include "compiler/backend/object.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/manifest.h"

namespace scx::driver {

// `object` gives the kernel functions: what the object really calls, not what
// the templates could call.
abi::Manifest make_manifest(const model::Policy& policy, const abi::Classifier& classifier,
                            const backend::Object& object, const Sources& sources);

// The same without kernel functions: what can be said before there is an object. The explain commands ask it.
abi::Manifest manifest_of_policy(const model::Policy& policy, const abi::Classifier& classifier,
                                 const Sources& sources);

}  // namespace scx::driver
