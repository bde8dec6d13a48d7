#!/usr/bin/env bash
# Runs one command of a stack, again when it dies, at most five times; on SIGTERM it stops it with the signal it wants.
#
# usage: supervise.sh NAME SIGNAL RUN_FOLDER COMMAND...   (called by stack.sh, output goes where it is sent)
set -euo pipefail

name=$1 signal=$2 run=$3
shift 3
child="" stopping="" lives=0

stop() {
    stopping=yes
    [[ -z $child ]] || kill -s "$signal" "$child" 2>/dev/null || true
}
trap stop TERM

# Descriptor 3 is the person's terminal, so that a restart is seen and not only logged. That may be gone: a subshell
# takes the broken pipe's signal.
tell() { (echo "$1" >&3) || true; }

while [[ -z $stopping ]]; do
    began=$SECONDS
    "$@" 3>&- &
    child=$!
    echo "$child" >"$run/$name.pid"
    [[ -z $stopping ]] || stop
    status=0
    wait "$child" || status=$?
    # A trapped signal ends `wait` early: ask again until the child is really gone.
    while kill -0 "$child" 2>/dev/null; do
        status=0
        wait "$child" || status=$?
    done
    child=""
    [[ -z $stopping ]] || break

    ((SECONDS - began < 60)) || lives=0
    lives=$((lives + 1))
    if ((lives > 5)); then
        tell "$name died with status $status for the sixth time in a row; giving up"
        exit 1
    fi
    tell "$name died with status $status; starting it again ($lives of 5)"
    # Others may need a moment to let go of what the dead one held; each time a little longer.
    sleep "$lives" 3>&- &
    wait $! || true
done
rm -f "$run/$name.pid"
