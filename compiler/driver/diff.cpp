// `scxc diff OLD NEW`: what a change of a policy means.
#include <array>

#include <unistd.h>

#include "compiler/analysis/policy_diff.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"

namespace scx::driver {

int diff(const Options& options) {
  Timings timings;
  std::array<Compilation, 2> sides;
  // Both are looked at, so that one run tells all that is wrong.
  bool sound = true;
  for (size_t i = 0; i < sides.size(); ++i)
    if (run_for_result(options, options.files[i], Phase::kAutomata, sides[i], timings, Told::kErrors))
      sound = false;
  // An erroneous policy is no difference: who asks by the exit code is not to take it for one.
  if (!sound) {
    report_error(options, make_error("nothing was compared: a policy has errors or cannot be read"));
    return kExitEnvironment;
  }
  const auto subject = [](const Compilation& side) {
    return analysis::DiffSubject{{&*side.policy, &*side.classifier}, &side.sources};
  };
  const analysis::DiffSubject olds = subject(sides[0]), news = subject(sides[1]);
  const analysis::PolicyDiff found =
      timings.measure("diff", [&] { return analysis::diff_policies(olds.side, news.side); });
  print_out(options.format == Format::kJson
                ? analysis::to_json(found, olds, news)
                : analysis::to_text(found, olds, news, use_color(options.color, STDOUT_FILENO)));
  report_timings(options, timings);
  return found.is_empty() ? kExitOk : kExitErrors;
}

}  // namespace scx::driver
