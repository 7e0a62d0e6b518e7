// The guest's root file system: busybox, the init, the job, the caller's files
// and the shared libraries of those that are programs, as one uncompressed cpio
// archive. Used by run_vm.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace scx::vm {

// A file of the host and where it is in the guest (an absolute path). `mode` 0:
// the host file's permissions. An executable program brings its loader and shared libraries
// along. A directory brings everything below it.
struct GuestFile {
  std::string host;
  std::string guest;
  unsigned mode = 0;
};

// Writes the archive to `path`. `job` is the text of the shell script that the
// init runs. Reasons of errors: "no-busybox", "bad-file".
Result<void> write_initramfs(const std::string& path, const std::vector<GuestFile>& files,
                             const std::string& job);

}  // namespace scx::vm
