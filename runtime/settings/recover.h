// Puts back what a scx-run that is gone has left changed: the way back when
// its guardian died too. Called by `scx-run --recover`, and at each start.
#pragma once

#include <chrono>
#include <string>

#include "runtime/base/result.h"
#include "runtime/settings/files.h"
#include "runtime/settings/notes.h"
#include "runtime/settings/store.h"

namespace scx::settings {

// Where things are; tests have others.
struct Places {
  std::string root;  // before every path of a setting
  std::string folder = "/run/scx";
};

struct Recovery {
  bool found = false;  // a journal was there
  size_t restored = 0;
  size_t stuck = 0;  // could not be put back; the notes say what to write where
  Notes notes;
};

// Reasons: "settings-in-use" (the scx-run that owns the journal runs, or its guardian still works after
// `wait`), "corrupt-journal", "unsafe-journal", "no-journal".
Result<Recovery> recover(const Places& places, std::chrono::milliseconds wait);

// Locks the store, waiting for a guardian at work but not for a scx-run.
Result<void> take(Store& store, std::chrono::milliseconds wait);
// The same recovery with the store locked already.
Result<Recovery> recover_locked(Store& store, Files& files);

}  // namespace scx::settings
