#!/usr/bin/env bash
# Gradescope runs this once, when it builds the autograder. What it prints is in the build's log.
set -euo pipefail

source="${CHATKIT_SOURCE:-/autograder/source}"
export DEBIAN_FRONTEND=noninteractive

is_new() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Xvfb is a display for the lesson with a window, bubblewrap keeps programs in a sandbox.
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv python3-tk xvfb bubblewrap

python=python3
if ! is_new "$python"; then # Ubuntu 22.04
  python=python3.11
  apt-get install -y --no-install-recommends python3.11 python3.11-venv || true
fi
if ! is_new "$python"; then
  echo "chatkit needs Python 3.11. Choose a newer base image, such as Ubuntu 24.04." >&2
  exit 1
fi

"$python" -m venv "$source/venv"
"$source/venv/bin/pip" install "$source/kit"
"$source/venv/bin/chatkit" --version
