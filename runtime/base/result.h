// Result<T>: the outcome of an operation on the environment (files, kernel,
// processes). Mistakes of a policy's author are diagnostics instead; broken
// invariants abort through SCX_CHECK. Used by every library.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace scx {

// What went wrong (`message`: lower case, no final period, names in backticks)
// and what the user can do about it (`help`, possibly empty). `reason` is the
// stable, machine-readable word that scripts compare, for instance
// "no-sched-ext"; empty where nobody needs to tell one failure from another.
struct Error {
  std::string message;
  std::string help;
  std::string reason;
};

template <typename... Args>
[[nodiscard]] Error make_error(fmt::format_string<Args...> format, Args&&... args) {
  return Error{fmt::format(format, std::forward<Args>(args)...), "", ""};
}

// A value or an Error; nobody can ignore it.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition: ok().
  [[nodiscard]] T& value() & { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Precondition: !ok().
  [[nodiscard]] const Error& error() const& { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const& { return *error_; }
  [[nodiscard]] Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace scx

// SCX_TRY(decl, expr): evaluates a Result; on error returns it from the
// enclosing function, otherwise declares `decl` from its value.
#define SCX_TRY_CONCAT_(a, b) a##b
#define SCX_TRY_NAME_(line) SCX_TRY_CONCAT_(scx_try_, line)
#define SCX_TRY(decl, ...)                                                              \
  auto SCX_TRY_NAME_(__LINE__) = (__VA_ARGS__);                                         \
  if (!SCX_TRY_NAME_(__LINE__).ok()) return std::move(SCX_TRY_NAME_(__LINE__)).error(); \
  decl = std::move(SCX_TRY_NAME_(__LINE__)).value()
// The same for Result<void>.
#define SCX_TRY_VOID(...)                                                                                    \
  do {                                                                                                       \
    if (auto scx_try_result = (__VA_ARGS__); !scx_try_result.ok()) return std::move(scx_try_result).error(); \
  } while (false)
