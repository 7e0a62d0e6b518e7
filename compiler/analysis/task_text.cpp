#include "compiler/analysis/task_text.h"

#include <fmt/format.h>

#include "runtime/base/file.h"
#include "runtime/classify/task_text.h"

namespace scx::analysis {

std::string task_block_text(const TaskFinding& found) {
  if (found.place.host.empty()) return classify::task_text(found.task, found.ids);
  classify::TaskFacts task = found.task;
  // The list of CPUs says it.
  const classify::TaskFacts usual;
  task.affinity_node = usual.affinity_node;
  task.affinity_llc = usual.affinity_llc;
  task.affinity_full = usual.affinity_full;
  task.affinity_pinned = usual.affinity_pinned;
  std::string out = classify::task_text(task, found.ids);
  if (!found.place.cpus.empty())
    out.insert(out.size() - 2, fmt::format(" affinity {};", quoted(found.place.cpus)));
  return out;
}

std::string task_text(const TaskFinding& found) {
  const std::string task = task_block_text(found);
  return found.place.host.empty() ? task : fmt::format("host {}; {}", quoted(found.place.host), task);
}

std::string one_line(std::string_view written) {
  std::string out;
  bool in_string = false, in_comment = false;
  for (size_t i = 0; i < written.size(); ++i) {
    const char c = written[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < written.size()) out += written[++i];
      in_string = c != '"';
      continue;
    }
    in_comment = c != '\n' && (in_comment || c == '#');
    const bool is_space = in_comment || c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (is_space && (out.empty() || out.back() == ' ')) continue;
    in_string = c == '"' && !in_comment;
    out += is_space ? ' ' : c;
  }
  return printable(out);
}

}  // namespace scx::analysis
