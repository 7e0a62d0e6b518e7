# fetch_kernel.sh SERIES FLAVOUR DESTINATION MODULES: puts a stock Debian kernel
# into DESTINATION/RELEASE/{vmlinuz,config[,modules]}. SERIES is two numbers
# (the newest release of that series in the archive) or three (just that one);
# MODULES is `yes` or `no`. Runs after apt_suite.sh in the same shell; the last
# line on standard output is the release. Exit 3: the archive has no such series.
set -eu
series=$1 flavour=$2 destination=$3 modules=$4

say() { echo "scx-vm: $*" >&2; }

mkdir -p "$destination"
work=$destination/.fetching
exec 9>"$destination/.lock"
flock -n 9 || { say "another process fetches a kernel; waiting"; flock 9; }
rm -rf "$work" # what an interrupted run left
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$work"

pattern=$(echo "$series" | sed 's/\./\\./g')
case $series in
  *.*.*) ;;
  *) pattern="$pattern\\.[0-9][0-9]*" ;;
esac

# All releases of the flavour that the lists know; -rt and -unsigned are other flavours.
releases() {
  apt-cache $scx_apt_options pkgnames linux- | sed -n "s/^linux-\(image\|binary\)-\($1\(+[a-z0-9.]*\)\?\)-$flavour\$/\2-$flavour/p" | sort -uV
}

# The backports suite keeps every release; the others are asked only when that lacks the series: sid for newer
# ones, trixie for its own, which schedulers cannot run on and `scxc verify` can be asked about.
found= served=
for suite in trixie-backports sid trixie; do
  say "looking for Linux $series ($flavour) in $suite"
  scx_apt_prepare "$work/apt-$suite" $suite
  # Hooks of the machine's configuration may complain although the lists are there.
  if ! scx_apt_update 2>"$work/log"; then
    cat "$work/log" >&2
    say "cannot read the package lists of $suite"
    continue
  fi
  found=$(releases "$pattern" | tail -n 1)
  [ -n "$found" ] && break
  served="$served $(releases '[0-9][0-9.]*' | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')"
done
if [ -z "$found" ]; then
  served=$(for one in $served; do echo "$one"; done | sort -uV | tr '\n' ' ')
  say "the archive has no Linux $series; series there: ${served:-none (no list could be read)}"
  exit 3
fi

# Up to 6.18 one package holds everything; later ones are split.
# A name that others only depend on is known too, and has no version to download.
exists() { apt-cache $scx_apt_options show "$1" 2>/dev/null | grep -q '^Filename: '; }
if exists "linux-binary-$found"; then
  packages="linux-binary-$found"
  exists "linux-base-$found" && packages="$packages linux-base-$found"
  if [ "$modules" = yes ]; then exists "linux-modules-$found" && packages="$packages linux-modules-$found"; fi
else
  packages="linux-image-$found"
fi

mkdir -p "$work/deb" "$work/tree" "$work/done"
for package in $packages; do
  size=$(apt-cache $scx_apt_options show --no-all-versions "$package" | sed -n 's/^Size: //p' | head -n 1)
  say "fetching $package ($(((size + 524288) / 1048576)) MB)"
  (cd "$work/deb" && apt-get $scx_apt_options -qq download "$package") >&2
done

say "unpacking Linux $found"
wanted='./boot/vmlinuz-* ./boot/config-* ./usr/lib/modules/*/vmlinuz ./usr/lib/modules/*/config'
[ "$modules" = yes ] && wanted="$wanted ./usr/lib/modules/*"
set -f
for deb in $(set +f; echo "$work"/deb/*.deb); do
  # tar complains about the patterns that a package has no file for; what counts is checked below.
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/tree" --wildcards $wanted 2>/dev/null || true
done
set +f

tree=$work/tree
for file in vmlinuz config; do
  for place in "$tree/boot/$file-$found" "$tree/usr/lib/modules/$found/$file"; do
    if [ -f "$place" ]; then mv "$place" "$work/done/$file"; fi
  done
done
[ -s "$work/done/vmlinuz" ] || { say "no kernel image in $packages"; exit 1; }
[ "$modules" = yes ] && mv "$tree/usr/lib/modules/$found" "$work/done/modules"

rm -rf "$destination/$found"
mv "$work/done" "$destination/$found"
say "kept Linux $found in $destination"
echo "$found"
