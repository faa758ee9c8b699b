#!/bin/sh
# Installs what the tests use and pip cannot bring: a browser, PostgreSQL and nginx.
# Where it may not install, it says so in one line: those tests are skipped, or refused in CI.
set -eu

need=""
command -v chromium >/dev/null || need="$need chromium"
ls /usr/share/fonts/truetype/liberation* >/dev/null 2>&1 || need="$need fonts-liberation"
ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1 || need="$need libatomic1"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$need postgresql"
PATH="$PATH:/usr/sbin" command -v nginx >/dev/null || need="$need nginx"
[ -n "$need" ] || exit 0

if ! command -v apt-get >/dev/null; then may=no
elif [ "$(id -u)" = 0 ]; then may=yes; sudo=""
elif sudo -n true 2>/dev/null; then may=yes; sudo=sudo
else may=no
fi

if [ "$may" = no ]; then
  echo "Missing:$need. The tests that need them are skipped. On Debian: sudo apt-get install$need" >&2
  [ "${CI:-}" != true ] || exit 1
  exit 0
fi

echo "Installing$need"
$sudo apt-get -o DPkg::Lock::Timeout=300 update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $need >/dev/null
