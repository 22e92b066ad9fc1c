#!/usr/bin/env bash
# Adds the tensorflow engine without its own download host: libtensorflow and its headers come from a
# TensorFlow wheel, and the add-on for Node is compiled against them.
#
#   scripts/install-tensorflow.sh [FOLDER]   (default: $SNN_ENGINES, or .engines beside this program)
#
# Needs Linux on x86-64, npm, pip, unzip, g++ and the headers of this Node.
set -euo pipefail

program=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-${SNN_ENGINES:-$program/.engines}}
tensorflow=2.15.1
tfjs=4.22.0

say() { echo "install-tensorflow: $*" >&2; }
fail() { say "$*"; exit 3; }

[ "$(uname -sm)" = 'Linux x86_64' ] || fail 'wheels of this kind exist for Linux on x86-64 only'
for tool in npm pip unzip g++; do
  command -v "$tool" >/dev/null || fail "$tool is not installed"
done
node_include=$(node -p 'require("path").resolve(process.execPath, "../../include/node")')
[ -f "$node_include/node_api.h" ] || fail "no headers of Node in $node_include"

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
package=$folder/node_modules/@tensorflow/tfjs-node
addon=$package/lib/napi-v8/tfjs_binding.node
loads() { node -e "require('$package')" >/dev/null 2>&1; }

if loads; then
  say "already there: $package"
  exit 0
fi

wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT

say "npm: @tensorflow/tfjs-node $tfjs"
npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --loglevel=error \
  "@tensorflow/tfjs-node@$tfjs" >&2

say "pip: tensorflow-cpu $tensorflow, 200 MB"
pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --python-version 3.11 --implementation cp --platform manylinux2014_x86_64 \
  --dest "$wheels" "tensorflow-cpu==$tensorflow"

say 'unpacking the library and its headers'
unzip -q "$wheels"/*.whl 'tensorflow/libtensorflow_*.so.2' 'tensorflow/include/tensorflow/*' \
  'tensorflow/include/tsl/*' -d "$wheels"
rm -rf "$package/deps"
mkdir -p "$package/deps/lib" "$(dirname "$addon")"
mv "$wheels/tensorflow/include" "$package/deps/include"
mv "$wheels"/tensorflow/libtensorflow_*.so.2 "$package/deps/lib"
ln -s libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
ln -s libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"

say 'compiling the add-on'
g++ -shared -fPIC -O2 -std=c++17 -w -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=tfjs_binding \
  -I"$node_include" -I"$package" -I"$package/deps/include" "$package"/binding/*.cc -o "$addon" \
  -L"$package/deps/lib" -ltensorflow -ltensorflow_framework -Wl,-rpath,'$ORIGIN/../../deps/lib'

loads || fail "built, but it does not load: node -e \"require('$package')\""
say "installed in $folder"
