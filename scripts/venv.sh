#!/bin/sh
# Makes .venv where there is none that works, then installs what the arguments say (as pip takes them).
set -eu
cd "$(dirname "$0")/.."

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  echo "Making .venv"
  rm -rf .venv
  if command -v uv >/dev/null; then
    uv venv --quiet --seed --python '>=3.11' .venv
  else
    python=""
    for each in python3 python3.14 python3.13 python3.12 python3.11; do
      if "$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$each; break; fi
    done
    [ -n "$python" ] || { echo "Python 3.11 or newer is needed. On Debian: sudo apt-get install -y make python3-venv" >&2; exit 1; }
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      { echo "Python's venv is missing. On Debian: sudo apt-get install -y make python3-venv" >&2; exit 1; }
    "$python" -m venv .venv
  fi
fi

echo "Installing Python packages"
if command -v uv >/dev/null; then
  exec uv pip install --quiet --python .venv/bin/python "$@"
fi
exec .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
