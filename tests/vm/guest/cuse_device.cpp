#include "tests/vm/guest/cuse_device.h"

#include <cstring>
#include <vector>

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

namespace scx::testing {
namespace {

void answer(int channel, uint64_t request, int error, std::vector<iovec> parts = {}) {
  fuse_out_header header{};
  header.unique = request;
  header.error = -error;
  header.len = sizeof header;
  for (const iovec& part : parts) header.len += static_cast<uint32_t>(part.iov_len);
  parts.insert(parts.begin(), {&header, sizeof header});
  [[maybe_unused]] const ssize_t written = ::writev(channel, parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

CuseDevice::CuseDevice(const std::string& name, unsigned major)
    : name_(name), path_("/dev/" + name), major_(major), channel_(::open("/dev/cuse", O_RDWR | O_CLOEXEC)) {
  if (channel_ < 0) return;
  server_ = std::thread([this] { serve(); });
  for (int tries = 0; tries < 500 && !ready(); ++tries) ::usleep(10000);
}

CuseDevice::~CuseDevice() {
  ends_ = true;
  if (server_.joinable()) server_.join();
  if (channel_ >= 0) ::close(channel_);
}

bool CuseDevice::ready() const { return ::access(path_.c_str(), F_OK) == 0; }

void CuseDevice::serve() {
  std::vector<char> buffer(FUSE_MIN_READ_BUFFER + 4096);
  while (!ends_) {
    pollfd waiting{channel_, POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    if (::read(channel_, buffer.data(), buffer.size()) < static_cast<ssize_t>(sizeof(fuse_in_header)))
      continue;
    fuse_in_header request{};
    std::memcpy(&request, buffer.data(), sizeof request);
    switch (request.opcode) {
      case CUSE_INIT: {
        cuse_init_out init{};
        init.major = FUSE_KERNEL_VERSION;
        init.minor = FUSE_KERNEL_MINOR_VERSION;
        init.max_read = init.max_write = 4096;
        init.dev_major = major_;
        std::string info = "DEVNAME=" + name_;
        answer(channel_, request.unique, 0, {{&init, sizeof init}, {info.data(), info.size() + 1}});
        break;
      }
      case FUSE_OPEN: {
        fuse_open_out opened{};
        const int error = refusal_;
        if (error != 0)
          answer(channel_, request.unique, error);
        else
          answer(channel_, request.unique, 0, {{&opened, sizeof opened}});
        break;
      }
      case FUSE_RELEASE:
        answer(channel_, request.unique, 0);
        break;
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        break;
      default:
        answer(channel_, request.unique, ENOSYS);
    }
  }
}

}  // namespace scx::testing
