// The commands of scxc: each runs the phases that it needs and gives the exit
// code. main() calls the one that the command line named.
#pragma once

#include "compiler/driver/options.h"

namespace scx::driver {

int run_command(const Options& options);

int compile(const Options& options);
int check(const Options& options);
int lint(const Options& options);
int list_rules(const Options& options);
int format(const Options& options);
int test(const Options& options);
int diff(const Options& options);
int verify(const Options& options);
int explain(const Options& options);
int explain_cleanup(const Options& options);
int explain_layer(const Options& options);
int explain_task(const Options& options);

}  // namespace scx::driver
