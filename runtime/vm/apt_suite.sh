# apt_suite.sh: packages of another suite of the distribution, without touching
# the machine's own apt configuration. Sourced by fetch_kernel.sh (virtual
# machine kernels) and by tests/support/setup.sh (backports). POSIX sh.
#
# The archive's address is the one that the machine's apt uses already;
# SCX_DEBIAN_URI names one where apt has none (a distribution other than Debian).

# Prints the address of the Debian archive, or fails. A source counts when its
# component is `main` and its suite is a Debian release by itself: that leaves
# out security archives (bookworm-security) and most third parties; an address
# that ends in /debian wins over any that is left.
scx_debian_uri() {
  if [ -n "${SCX_DEBIAN_URI:-}" ]; then
    echo "$SCX_DEBIAN_URI"
    return 0
  fi
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$3 == "main" && $2 ~ /^(bookworm|trixie|forky|sid|stable|testing|unstable|oldstable)$/ {
           uri = $1; sub(/\/+$/, "", uri)
           if (uri ~ /\/debian$/ && !best) best = uri
           if (!first) first = uri
         }
         END { if (best) print best; else if (first) print first; else exit 1 }'
}

# scx_apt_prepare DIR SUITE…: makes DIR an apt of its own that knows the given
# suites (and nothing else). Its options are then in $scx_apt_options.
scx_apt_prepare() {
  scx_apt_dir=$1
  shift
  scx_uri=$(scx_debian_uri) || {
    echo "no Debian archive among this machine's apt sources; name one in SCX_DEBIAN_URI" >&2
    return 1
  }
  mkdir -p "$scx_apt_dir/lists/partial" "$scx_apt_dir/cache/archives/partial" "$scx_apt_dir/parts"
  {
    echo "Types: deb"
    echo "URIs: $scx_uri"
    echo "Suites: $*"
    echo "Components: main"
    echo "Targets: Packages"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r $keyring ] && echo "Signed-By: $keyring"
  } >"$scx_apt_dir/parts/other-suite.sources"
  scx_apt_set_options "$scx_apt_dir"
}

# The options that make apt-get and apt-cache use DIR. The sandbox user could
# not read a directory in somebody's home; the package cache is switched on
# again because container images switch it off, which costs seconds a call.
scx_apt_set_options() {
  scx_apt_options="-o Dir::State::Lists=$1/lists -o Dir::Cache=$1/cache
    -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin
    -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$1/parts
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3
    -o DPkg::Lock::Timeout=300"
}

# Brings the lists of the prepared suites up to date.
scx_apt_update() {
  apt-get $scx_apt_options -qq update
}
