# shellcheck shell=bash
# PgQueuer, the queue that ours is compared with.

# pgqueuer_prepare: installs it where it is missing. Exports MUSTER_PGQUEUER and MUSTER_PGQUEUER_SCRIPT.
pgqueuer_prepare() {
    python_prepare pgqueuer pgqueuer-1.6 'pgqueuer==1.6.*' asyncpg uvloop || fail "PgQueuer could not be installed"
    export MUSTER_PGQUEUER=$python_bin
    export MUSTER_PGQUEUER_SCRIPT=$muster_root/Scripts/lib/pgqueuer_worker.py
}
