// What scx-run does once its line is understood; each returns the exit code
// and has said on standard error what was wrong. Called by main().
#pragma once

#include "runtime/base/result.h"
#include "runtime/cli/command_line.h"

namespace scx::cli {

int run_here(const Options& options);        // load, run, report on this machine
int dry_run(const Options& options);         // preflight and load, no attach
int run_in_vm(const Options& options);       // the same command in a virtual machine
int show_status();                           // sched_ext's state
int explain_task(const Options& options);    // where the running scheduler has a thread, and why
int recover_settings();                      // puts back what a killed scx-run has left changed
int run_guest_load(const Options& options);  // tasks for every layer until a signal

// Prints an error with its reason and help, and returns `code`.
int fail(const Error& error, int code);
void warn(const std::string& text);

}  // namespace scx::cli
