#include "runtime/settings/session.h"

#include <utility>

namespace scx::settings {
namespace {

// A guardian at work needs a moment, at most one write a CPU.
constexpr std::chrono::seconds kWait{5};

}  // namespace

struct Session::State {
  Places places;
  std::function<void()> settle;
  Store store;
  Guardian guardian;
  Files files;
  Ledger ledger;
  bool told_unguarded = false;

  State(Places p, std::function<void()> s, Store opened, Guardian started, Owner owner)
      : places(std::move(p)),
        settle(std::move(s)),
        store(std::move(opened)),
        guardian(std::move(started)),
        files(places.root),
        ledger(store, files, std::move(owner)) {}
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session::~Session() { (void)end(); }

Result<Session> Session::begin(const Places& places, std::function<void()> settle, Notes& notes) {
  SCX_TRY(Store store, Store::open(places.folder));
  SCX_TRY_VOID(take(store, kWait));
  Files files(places.root);
  SCX_TRY(Recovery recovery, recover_locked(store, files));
  notes.insert(notes.end(), recovery.notes.begin(), recovery.notes.end());
  SCX_TRY(Owner owner, this_process());
  SCX_TRY_VOID(store.replace(owner_line(owner)));
  Result<Guardian> guardian = Guardian::start(store, places, settle);
  if (!guardian.ok()) {
    (void)store.remove();
    return std::move(guardian).error();
  }
  return Session(std::make_unique<State>(places, std::move(settle), std::move(store), *std::move(guardian),
                                         std::move(owner)));
}

Notes Session::apply(const std::vector<Wanted>& wanted) { return state_->ledger.apply(wanted); }

Notes Session::watch() {
  if (state_->guardian.alive() || state_->told_unguarded) return {};
  Result<Guardian> again = Guardian::start(state_->store, state_->places, state_->settle);
  if (!again.ok()) {
    state_->told_unguarded = true;
    return {{true, again.error().message}};
  }
  state_->guardian = *std::move(again);
  return {{true,
           fmt::format("the guardian of settings died; process {} takes its place", state_->guardian.pid())}};
}

Notes Session::end() {
  if (state_ == nullptr) return {};
  Notes notes = state_->ledger.restore();
  const Result<void> removed = state_->store.remove();
  if (!removed.ok()) notes.push_back({true, removed.error().message});
  state_->guardian.end();
  state_.reset();
  return notes;
}

pid_t Session::guardian() const { return state_->guardian.pid(); }

}  // namespace scx::settings
