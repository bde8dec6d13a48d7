#!/usr/bin/env bash
# Runs a server on the address of its last life: the first time any free port, after a crash the one clients know.
#
# usage: again.sh LISTEN_FILE COMMAND...
set -euo pipefail

file=$1
shift
address=127.0.0.1:0
[[ ! -s $file ]] || address=$(<"$file")
exec "$@" --listen "$address" --listen-file "$file"
