#!/usr/bin/env bash
# Installs a build of forebay into a temporary folder, then builds and runs a project outside the tree against it: by
# find_package and by pkg-config. Prints "passed NAME" or "FAILED NAME" for each; status 1 if one failed.
#
#   tests/consumer/run.sh BUILD_DIR
set -euo pipefail
if [ $# != 1 ] || [ ! -f "$1/CMakeCache.txt" ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
build=$(cd "$1" && pwd)
repo=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Outside the tree: nothing of it may be found by a relative path.
cp "$(dirname "$0")"/{CMakeLists.txt,main.cpp} "$work/"
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
compiler=$(cached CMAKE_CXX_COMPILER)
version=$(cached CMAKE_PROJECT_VERSION)
# The first 53 bits of SHA-256 of the name, by another program than ours.
digest=$(printf consumer | sha256sum | cut -c1-14)
expected="$version $((16#$digest >> 3))"
failed=0

judge() {
  local name=$1 log=$work/log
  shift
  if (set -e; cd "$work"; "$@") >"$log" 2>&1 && [ "$(tail -n 1 "$log")" = "$expected" ]; then
    echo "passed $name"
  else
    echo "FAILED $name: wanted \"$expected\" at the end of"
    sed 's/^/  /' "$log"
    failed=1
  fi
}

by_find_package() {
  cmake -S . -B by_cmake -G Ninja -DFOREBAY_WANTED="${version%.*}" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Werror" && cmake --build by_cmake &&
    LD_LIBRARY_PATH="$libraries" by_cmake/consumer
}
by_pkg_config() {
  local flags
  flags=$(PKG_CONFIG_PATH="$libraries/pkgconfig" pkg-config --cflags --libs forebay) || return
  # shellcheck disable=SC2086
  "$compiler" -std=c++20 -Wall -Wextra -Werror main.cpp -o by_pkg_config $flags && LD_LIBRARY_PATH="$libraries" ./by_pkg_config
}
the_pages() {
  local share=$work/moved/share
  ls "$share"/doc/forebay/{LICENSE,CHANGELOG.md,CONTRIBUTING.md,SECURITY.md} "$share"/man/man1/forebay{,-scan}.1 \
    "$share/bash-completion/completions/forebay" "$share/zsh/vendor-completions/_forebay" \
    "$share/fish/vendor_completions.d/forebay.fish" &&
    "$repo/scripts/check_docs.py" "$share/doc/forebay" && echo "$expected"
}
the_command() { "$work/moved/bin/forebay" version && echo "$expected"; }

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
# Moved, so that no file of it may name the place that it was installed to.
mv "$work/prefix" "$work/moved"
libraries=$(dirname "$(find "$work/moved" -name 'libforebay.*' -print -quit)")
judge "find_package finds the install and links" by_find_package
judge "pkg-config finds the install and links" by_pkg_config
judge "the installed command runs" the_command
judge "the pages are installed, and their links lead somewhere" the_pages
exit "$failed"
