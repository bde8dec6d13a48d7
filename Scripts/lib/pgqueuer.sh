# shellcheck shell=bash
# PgQueuer, the queue that ours is compared with: a Python of its own with it, under .muster.

# pgqueuer_prepare: installs it where it is missing. Exports MUSTER_PGQUEUER and MUSTER_PGQUEUER_SCRIPT.
#
# The folder gets its name when it is whole: an interrupted installation must not look like one.
pgqueuer_prepare() {
    local folder=$muster_state/pgqueuer-1.6
    if [[ ! -x $folder/bin/python ]]; then
        python3 -m venv --help >/dev/null 2>&1 || need_packages python3-venv
        say "installing PgQueuer 1.6 in $folder"
        rm -rf "$folder" "$folder.new"
        {
            python3 -m venv "$folder.new" &&
                "$folder.new/bin/python" -m pip install --quiet --disable-pip-version-check \
                    'pgqueuer==1.6.*' asyncpg uvloop
        } >"$muster_log/pgqueuer.log" 2>&1 || {
            tail -n 20 "$muster_log/pgqueuer.log" >&2
            fail "PgQueuer could not be installed"
        }
        mv "$folder.new" "$folder"
    fi
    export MUSTER_PGQUEUER=$folder/bin/python
    export MUSTER_PGQUEUER_SCRIPT=$muster_root/Scripts/lib/pgqueuer_worker.py
}
