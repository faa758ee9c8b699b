#!/bin/sh
# Starts the portal with demonstration data. INSTANCE, PORT and DEMO say where, on which port, and which council.
set -eu
cd "$(dirname "$0")/.."

PORT=${PORT:-8000}
DEMO=${DEMO:-borsetshire}
INSTANCE=${INSTANCE:-instance}
case $INSTANCE in /*) ;; *) INSTANCE=$PWD/$INSTANCE ;; esac
umask 077
mkdir -p "$INSTANCE"

export PORTAL_INSTANCE="$INSTANCE"
export PORTAL_MODE="${PORTAL_MODE:-demonstration}"
python=.venv/bin/python
mkdir -p instance && chmod 700 instance && rm -f instance/last-run.env
env | grep -E '^(PORTAL_INSTANCE|PORTAL_MODE|DATABASE_URL)=' >instance/last-run.env # for ./portal

$python - "$PORT" <<'CHECK' || { echo "Port $PORT is in use. Choose another one: make run PORT=8001" >&2; exit 1; }
import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
CHECK

$python -m flask --app app db upgrade
$python -m flask --app app demo load "$DEMO" --if-empty

echo "The portal is at http://127.0.0.1:$PORT (Ctrl+C stops it)"
exec scripts/together.sh \
  worker "$python -m flask --app app worker" \
  "web server" "$python -m gunicorn -c deploy/gunicorn.conf.py -b 127.0.0.1:$PORT 'app:create_app()'"
