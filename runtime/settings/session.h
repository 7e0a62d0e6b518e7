// What a loader that changes settings holds from before its first change until
// all is back: the journal's lock, the journal, the guardian. Called by scx-run;
// the control loop applies each plan through it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/settings/guardian.h"
#include "runtime/settings/ledger.h"
#include "runtime/settings/notes.h"
#include "runtime/settings/recover.h"

namespace scx::settings {

class Session {
 public:
  // First puts back what another one has left (told in `notes`). `settle` gives up the guardian's privileges.
  // Reasons: those of recover() and "no-guardian". Precondition: this process has one thread.
  static Result<Session> begin(const Places& places, std::function<void()> settle, Notes& notes);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) = delete;
  ~Session();  // ends it without a word

  // See Ledger::apply.
  Notes apply(const std::vector<Wanted>& wanted);
  // Starts a new guardian if the old one has died; costs one system call otherwise.
  Notes watch();
  // Puts everything back, removes the journal and ends the guardian; nothing when it has ended already.
  Notes end();
  [[nodiscard]] pid_t guardian() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scx::settings
