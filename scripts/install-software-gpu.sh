#!/usr/bin/env bash
# Adds the webgpu engine and, from Debian's chromium-common, an adapter in software (SwiftShader): for
# tests on a machine without a GPU. Installs nothing system-wide.
#
#   eval "$(scripts/install-software-gpu.sh FOLDER)"   sets what Vulkan needs to find the adapter
set -euo pipefail

mkdir -p "${1:?name a folder}"
folder=$(cd "$1" && pwd)

if [ ! -d "$folder/node_modules/webgpu" ]; then
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error \
    webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22.0 >&2
fi
driver=$folder/swiftshader/usr/lib/chromium
if [ ! -f "$driver/libvk_swiftshader.so" ]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  (cd "$download" && apt-get download -qq -o Acquire::Retries=3 -o APT::Sandbox::User=root chromium-common >&2)
  dpkg-deb -x "$download"/chromium-common_*.deb "$folder/swiftshader"
fi
echo "export VK_DRIVER_FILES=$driver/vk_swiftshader_icd.json"
echo "export LD_LIBRARY_PATH=$driver${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
