#include "compiler/format/unified_diff.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace scx::format {
namespace {

constexpr size_t kContext = 3;

// With their ends; the last may have none.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

// A line of the diff: ` `, `-` or `+`.
struct Edit {
  char sign;
  std::string line;
};

// How many changes are looked at before a text counts as another one: the search takes the square of it.
constexpr ptrdiff_t kMaxChanges = 2000;

using Lines = std::vector<std::string>;

// The shortest way from one text to the other (E. Myers, "An O(ND) difference algorithm and its variations",
// 1986, the greedy form).
class Search {
 public:
  Search(const Lines& before, const Lines& after)
      : before_(before), after_(after), n_(std::ssize(before)), m_(std::ssize(after)) {}

  std::vector<Edit> run() {
    const ptrdiff_t limit = std::min(n_ + m_, kMaxChanges);
    std::vector<ptrdiff_t> furthest(static_cast<size_t>(2 * limit + 3), 0);
    for (ptrdiff_t d = 0; d <= limit; ++d) {
      // What the step back from `d` changes reads.
      history_.emplace_back(furthest.begin() + limit + 1 - d, furthest.begin() + limit + 2 + d);
      for (ptrdiff_t k = -d; k <= d; k += 2) {
        ptrdiff_t& reached = furthest[static_cast<size_t>(limit + 1 + k)];
        const ptrdiff_t down = furthest[static_cast<size_t>(limit + 2 + k)];
        const ptrdiff_t right = furthest[static_cast<size_t>(limit + k)] + 1;
        reached = k == -d || (k != d && right <= down) ? down : right;
        while (reached < n_ && reached - k < m_ && same(reached, reached - k)) ++reached;
        if (reached >= n_ && reached - k >= m_) return way_back(d);
      }
    }
    return replaced();
  }

 private:
  [[nodiscard]] bool same(ptrdiff_t x, ptrdiff_t y) const {
    return before_[static_cast<size_t>(x)] == after_[static_cast<size_t>(y)];
  }
  [[nodiscard]] Edit removed(ptrdiff_t x) const { return {'-', before_[static_cast<size_t>(x)]}; }
  [[nodiscard]] Edit added(ptrdiff_t y) const { return {'+', after_[static_cast<size_t>(y)]}; }

  // From the end with `changes` changes to the beginning.
  [[nodiscard]] std::vector<Edit> way_back(ptrdiff_t changes) const {
    std::vector<Edit> out;
    ptrdiff_t x = n_;
    ptrdiff_t y = m_;
    const auto follow = [&](ptrdiff_t to_x, ptrdiff_t to_y) {
      for (; x > to_x && y > to_y; --x, --y) out.push_back({' ', before_[static_cast<size_t>(x - 1)]});
    };
    for (ptrdiff_t d = changes; d > 0; --d) {
      const std::vector<ptrdiff_t>& reached = history_[static_cast<size_t>(d)];
      const auto at = [&](ptrdiff_t k) { return reached[static_cast<size_t>(d + k)]; };
      const ptrdiff_t k = x - y;
      const bool is_down = k == -d || (k != d && at(k - 1) + 1 <= at(k + 1));
      const ptrdiff_t from_x = is_down ? at(k + 1) : at(k - 1);
      const ptrdiff_t from_y = from_x - (is_down ? k + 1 : k - 1);
      follow(is_down ? from_x : from_x + 1, is_down ? from_y + 1 : from_y);
      out.push_back(is_down ? added(--y) : removed(--x));
    }
    follow(0, 0);
    std::reverse(out.begin(), out.end());
    return out;
  }

  [[nodiscard]] std::vector<Edit> replaced() const {
    std::vector<Edit> out;
    for (ptrdiff_t x = 0; x < n_; ++x) out.push_back(removed(x));
    for (ptrdiff_t y = 0; y < m_; ++y) out.push_back(added(y));
    return out;
  }

  const Lines& before_;
  const Lines& after_;
  const ptrdiff_t n_;
  const ptrdiff_t m_;
  std::vector<std::vector<ptrdiff_t>>
      history_;  // for each number of changes: how far each diagonal was before
};

// `3,7` as a diff counts lines: from 1, and from 0 where there are none.
std::string place(size_t begin, size_t count) {
  return count == 1 ? fmt::format("{}", begin + 1)
                    : fmt::format("{},{}", count == 0 ? begin : begin + 1, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name) {
  if (before == after) return {};
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(after);
  const std::vector<Edit> edits = Search(old_lines, new_lines).run();
  // A tab ends a name that has spaces, as `patch` and git have it.
  const auto ended = [](std::string_view name) {
    return std::string(name) + (name.find(' ') == std::string_view::npos ? "" : "\t");
  };
  std::string out = fmt::format("--- {}\n+++ {}\n", ended(before_name), ended(after_name));
  size_t old_line = 0;
  size_t new_line = 0;
  const auto is_change = [](const Edit& edit) { return edit.sign != ' '; };
  for (auto next = edits.begin(); next != edits.end();) {
    const auto change = std::find_if(next, edits.end(), is_change);
    if (change == edits.end()) break;
    const auto begin = change - std::min<ptrdiff_t>(change - next, kContext);
    // Changes with at most twice the context between them are one hunk.
    auto end = change;
    for (auto it = change; it != edits.end() && it - end <= static_cast<ptrdiff_t>(2 * kContext); ++it)
      if (is_change(*it)) end = it + 1;
    end += std::min<ptrdiff_t>(edits.end() - end, kContext);
    old_line += static_cast<size_t>(begin - next);
    new_line += static_cast<size_t>(begin - next);
    const auto removed =
        static_cast<size_t>(std::count_if(begin, end, [](const Edit& e) { return e.sign != '+'; }));
    const auto added =
        static_cast<size_t>(std::count_if(begin, end, [](const Edit& e) { return e.sign != '-'; }));
    out += fmt::format("@@ -{} +{} @@\n", place(old_line, removed), place(new_line, added));
    for (auto it = begin; it != end; ++it) {
      out += it->sign + it->line;
      if (!it->line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
    }
    old_line += removed;
    new_line += added;
    next = end;
  }
  return out;
}

}  // namespace scx::format
