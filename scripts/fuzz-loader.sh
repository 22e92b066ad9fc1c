#!/usr/bin/env bash
# Fuzzes the C library's loader and kernels with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer: the
# generic build and, where this machine has AVX2, that one beside it.
#
#   scripts/fuzz-loader.sh [RUNS]   (of each build; default: 120000, about a minute)
#
# Needs clang with its runtime (apt install clang libclang-rt-dev) and `npm run build`. An image that breaks the
# library is left in the working folder as crash-*.
set -euo pipefail

program=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runs=${1:-120000}

command -v clang >/dev/null || { echo 'fuzz-loader: clang is not installed (apt install clang libclang-rt-dev)' >&2; exit 3; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fuzz() { # NAME VECTOR FLAGS...
  local name=$1 vector=$2
  shift 2
  mkdir -p "$folder/$name/seeds" "$folder/$name/found"
  node "$program/test/runtime/fuzz/seeds.js" "$folder/$name/seeds" "$vector"
  clang -O2 -g -std=gnu11 -fwrapv -fno-strict-aliasing -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    "$@" "$program/test/runtime/fuzz/loader.c" -o "$folder/$name/loader"
  if "$folder/$name/loader" -runs="$runs" -seed=1 -max_len=40000 -timeout=30 -verbosity=1 \
    "$folder/$name/found" "$folder/$name/seeds" >"$folder/$name/log" 2>&1; then
    echo "$name: $(grep DONE "$folder/$name/log" | tail -n 1)"
  else
    tail -n 60 "$folder/$name/log" >&2
    echo "$name: an image breaks the library" >&2
    return 1
  fi
}

fuzz generic 16 &
generic=$!
if grep -qw avx2 /proc/cpuinfo 2>/dev/null; then fuzz avx2 32 -mavx2; fi
wait "$generic"
