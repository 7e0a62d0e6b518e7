#!/bin/busybox sh
# The guest's first process: mounts what a job expects, runs it, sends back the
# results directory, the exit code and the kernel's log, and powers off.
#
# Three virtio ports connect it to run_vm: scx.output (the job's output),
# scx.result (a tar stream) and scx.control (lines from the host: `stop` asks
# the job to end, `kill` ends it).
export PATH=/bin:/sbin HOME=/root TERM=dumb
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs shm /dev/shm
mount -t devpts pts /dev/pts
ln -sf /proc/self/fd /dev/fd
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
ip link set lo up 2>/dev/null
echo "guest" >/proc/sys/kernel/hostname

port() {
  for directory in /sys/class/virtio-ports/*; do
    [ "$(cat "$directory/name")" = "$1" ] && echo "/dev/${directory##*/}"
  done
}
output=$(port scx.output)
result=$(port scx.result)
control=$(port scx.control)
if [ -z "$output" ] || [ -z "$result" ] || [ -z "$control" ]; then
  echo "scx-vm: no virtio ports in the guest"
  poweroff -f
fi

(
  while read -r word; do
    pid=$(cat /scx/job.pid 2>/dev/null) || continue
    case $word in
      stop) kill -INT "-$pid" ;;
      kill) kill -KILL "-$pid" ;;
    esac
  done
) <"$control" &

mkdir -p /results
# From here on the kernel tells the console only what is wrong.
echo 3 >/proc/sys/kernel/printk
echo "scx-vm: job starts at $(cut -d' ' -f1 /proc/uptime)"
# In the foreground, so that the job does not inherit an ignored SIGINT.
setsid sh /scx/job <"/dev/null" >"$output" 2>&1
echo $? >/scx/exit-code
dmesg >/scx/dmesg
echo "scx-vm: job ended with $(cat /scx/exit-code) at $(cut -d' ' -f1 /proc/uptime)"
tar -c -C / -f "$result" results scx/exit-code scx/dmesg || echo "scx-vm: cannot send the results"
poweroff -f
