#include "compiler/analysis/task_text.h"

#include "runtime/base/file.h"
#include "runtime/classify/task_text.h"

namespace scx::analysis {

std::string task_text(const TaskFinding& found) { return classify::task_text(found.task, found.ids); }

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
