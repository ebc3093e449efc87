#!/bin/sh
# Tests bazelw with a fake dpkg, apt and Bazel, which record how they were called.
# shellcheck disable=SC2016 # The bodies of tools expand when the tools run.
set -u
# Without a folder of its own, the fake tools would replace those of this machine.
: "${TEST_TMPDIR:?run this with bazel test}"
bazelw=$PWD/bazelw
failures=0

# Creates a fake machine, whose tools are the only ones in PATH. $machine/installed lists the packages installed there.
new_machine() {
  machine=$(mktemp -d "$TEST_TMPDIR/machine.XXXXXX")
  mkdir -p "$machine/bin" "$machine/repo/third_party/apt"
  cp "$bazelw" "$machine/repo/bazelw"
  printf '# why\nlib-a\nlib-b # and this\n\n' >"$machine/repo/third_party/apt/run.txt"
  printf 'lib-test\n' >"$machine/repo/third_party/apt/test.txt"
  printf 'peer\n' >"$machine/repo/third_party/apt/bench.txt"
  for tool in sh dirname sed grep mktemp tail rm cut getent env printf; do
    ln -s "$(command -v "$tool")" "$machine/bin/$tool"
  done
  tool dpkg-query 'echo "dpkg-query" >>"$log"; shift 3; for p; do grep -qx "$p" "$machine/installed" && echo "installed $p"; done'
  tool apt-get 'while [ "${1#-}" != "$1" ]; do [ "$1" = -o ] && shift; shift; done; echo "apt-get $*" >>"$log"
    [ "$1" = install ] || exit 0; [ ! -e "$machine/broken" ] || { echo "E: no such package"; exit 100; }
    for p; do echo "$p" >>"$machine/installed"; done'
  tool bazel 'echo "bazel HOME=$HOME" >>"$log"; for w; do echo "word $w" >>"$log"; done'
  tool id 'case $1 in -u) cat "$machine/uid";; *) echo someone;; esac'
  ln -s "$(command -v cat)" "$machine/bin/cat"
  echo 0 >"$machine/uid"
  printf 'lib-a\nlib-b\nlib-test\n' >"$machine/installed"
}

# tool NAME BODY: adds a program to the machine. In BODY, $machine and $log are the machine's folder and log.
tool() {
  printf '#!/bin/sh\nmachine=%s\nlog=%s/log\n%s\n' "$machine" "$machine" "$2" >"$machine/bin/$1"
  chmod +x "$machine/bin/$1"
}

# Runs bazelw on the machine; its status, output and the log of all calls are in $status, $output and $log.
run_bazelw() {
  : >"$machine/log"
  # shellcheck disable=SC2086 # An assignment, or nothing.
  output=$(cd "$machine" && env -i PATH="$machine/bin" HOME=/home/someone ${extra:-} "$machine/bin/sh" "$machine/repo/bazelw" "$@" 2>&1)
  status=$?
  log=$(cat "$machine/log")
}

check() { # check WHAT CONDITION...
  what=$1
  shift
  if "$@"; then return; fi
  failures=$((failures + 1))
  printf 'FAILED: %s\n--- status %s, output:\n%s\n--- calls:\n%s\n' "$what" "$status" "$output" "$log"
}

contains() { case $1 in *"$2"*) ;; *) return 1 ;; esac }
lacks() { ! contains "$@"; }

new_machine
run_bazelw run //controller -- demo "--label=two words"
check "with nothing missing, Bazel gets the arguments unchanged" contains "$log" "word --label=two words"
check "with nothing missing, apt is not called" lacks "$log" apt-get
check "with nothing missing, nothing is printed" [ -z "$output" ]
run_bazelw run //controller
check "a second time dpkg-query is not called" lacks "$log" dpkg-query
touch -d '+10 seconds' "$machine/repo/third_party/apt/run.txt"
run_bazelw run //controller
check "a changed list is checked again" contains "$log" dpkg-query

new_machine
echo lib-a >"$machine/installed"
run_bazelw run //controller -- demo //...
check "only the missing packages of a run are installed" contains "$log" "apt-get install --no-install-recommends lib-b
bazel"
check "package lists are updated first" contains "$log" "apt-get update
apt-get install"
check "the number of installed packages is printed" contains "$output" "installing 1 Debian packages and what they depend on"
check "Bazel runs after the installation" contains "$log" "word //controller"
run_bazelw test //...
check "a test needs the test list too" contains "$log" "install --no-install-recommends lib-test"

for arguments in "build //analysis/..." "build //analysis:all" "build -c dbg //analysis:codec_test" "coverage //x" "--batch test //x"; do
  new_machine
  echo lib-a >"$machine/installed"
  # shellcheck disable=SC2086
  run_bazelw $arguments
  check "$arguments needs the test list" contains "$log" "lib-b lib-test"
done

new_machine
echo lib-a >"$machine/installed"
run_bazelw run //bench:loadgen -- --only=open
check "a benchmark needs the bench list" contains "$log" "lib-b peer"
check "a benchmark does not need the test list" lacks "$log" lib-test

new_machine
printf 'lint\n' >"$machine/repo/third_party/apt/check.txt"
extra="ASSAY_LISTS=check" run_bazelw version
check "ASSAY_LISTS says which lists are needed" contains "$log" "install --no-install-recommends lint
"

new_machine
echo lib-a >"$machine/installed"
touch "$machine/broken"
run_bazelw run //controller
check "a failed installation ends with 1" [ "$status" = 1 ]
check "a failed installation shows the output of apt" contains "$output" "E: no such package"
check "a failed installation says what to do" \
  contains "$output" "as root: apt-get update && apt-get install --no-install-recommends lib-b"
check "a failed installation does not continue" lacks "$log" "bazel"

new_machine
: >"$machine/installed"
extra=ASSAY_INSTALL=no run_bazelw run //controller
check "ASSAY_INSTALL=no only lists" contains "$output" "install --no-install-recommends lib-a lib-b"
check "ASSAY_INSTALL=no installs nothing" lacks "$log" apt-get

new_machine
: >"$machine/installed"
echo 1000 >"$machine/uid"
run_bazelw run //controller
check "without root and sudo the message says so" contains "$output" "neither root nor sudo"
check "without root and sudo it ends with 1" [ "$status" = 1 ]
tool sudo 'echo "sudo" >>"$log"; exec "$@"'
run_bazelw run //controller
check "a user installs through sudo" contains "$log" "sudo
apt-get install"

new_machine
rm "$machine/bin/apt-get"
run_bazelw run //controller
check "without apt, the installed Bazel runs" contains "$log" "word //controller"
rm "$machine/bin/bazel"
run_bazelw run //controller
check "without apt and Bazel, the needed packages are listed" contains "$output" "lib-a lib-b"
check "without apt and Bazel it ends with 1" [ "$status" = 1 ]

new_machine
extra=HOME= run_bazelw run //controller
check "an empty HOME gets the one of the user database" lacks "$log" "HOME=
"

[ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
echo "all passed"
