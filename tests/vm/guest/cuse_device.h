// A character device whose driver is this process (CUSE, see linux/fuse.h): it
// takes part in the kernel's list of drivers under any name, so it stands in for
// GPUs whose drivers no virtual machine has.
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace scx::testing {

class CuseDevice {
 public:
  // The node is /dev/NAME, and NAME the driver's in /proc/devices. Opens succeed unless told otherwise.
  CuseDevice(const std::string& name, unsigned major);
  // The device goes when nobody has it open.
  ~CuseDevice();
  CuseDevice(const CuseDevice&) = delete;
  CuseDevice& operator=(const CuseDevice&) = delete;

  // Whether the kernel made the node.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  // The error of later opens; 0: they succeed.
  void refuse_with(int error) { refusal_ = error; }

 private:
  void serve();

  std::string name_;
  std::string path_;
  unsigned major_;
  int channel_ = -1;
  std::atomic<int> refusal_{0};
  std::atomic<bool> ends_{false};
  std::thread server_;
};

}  // namespace scx::testing
