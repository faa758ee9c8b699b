#!/bin/sh
# together.sh NAME COMMAND NAME COMMAND: two processes that need each other. When one ends, so does the other, and this
# script with the status of the first and a sentence on stderr. Stopped itself (INT, TERM), it stops both and ends with 0.
set -eu

first_name=$1 second_name=$3
sh -c "exec $2" &
first=$!
sh -c "exec $4" &
second=$!

stop() {
  trap - INT TERM EXIT
  kill -TERM "$first" "$second" 2>/dev/null || true
  wait "$first" "$second" 2>/dev/null || true
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

# A shell has no way to wait for whichever ends first. It takes note of a process that has ended when it waits for another.
while kill -0 "$first" 2>/dev/null && kill -0 "$second" 2>/dev/null; do
  sleep 1 &
  wait $! || true
done

ended=$first name=$first_name other=$second_name
if kill -0 "$first" 2>/dev/null; then ended=$second name=$second_name other=$first_name; fi
status=0
wait "$ended" || status=$?
echo "The $name has ended (status $status), so the $other is stopped too." >&2
exit "$status"
