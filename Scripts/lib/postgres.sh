# shellcheck shell=bash
# A private PostgreSQL cluster: own data folder, own UNIX socket, no port. Durable: fsync and the rest as they come.

# Whether the database in use is thrown away at the start.
postgres_fresh=no

# postgres_prepare: makes the cluster if there is none. Sets $postgres_command and $postgres_conninfo.
postgres_prepare() {
    postgres_data=$muster_state/postgres
    postgres_socket=$muster_run/postgres
    postgres_bin=$(compgen -G '/usr/lib/postgresql/15/bin' || true)
    [[ $postgres_bin ]] || fail "PostgreSQL 15 is not in /usr/lib/postgresql/15/bin"
    postgres_choose_user
    postgres_command=("${postgres_as[@]}" "$postgres_bin/postgres" -D "$postgres_data"
        -c listen_addresses= -c unix_socket_directories="$postgres_socket" -c unix_socket_permissions=0700)
    postgres_use "${1:-muster}"
    [[ -f $postgres_data/PG_VERSION ]] || postgres_initialise
}

# postgres_choose_user: PostgreSQL refuses root. In a user namespace root is nobody special, yet still owns its files,
# so that the data may stay in the clone, wherever that lies. Where namespaces are forbidden, Debian's own user and
# folder serve.
postgres_choose_user() {
    (umask 077 && mkdir -p "$postgres_socket")
    postgres_as=()
    [[ $EUID -eq 0 ]] || return 0
    postgres_as=(unshare --user --map-user=1000 --)
    "${postgres_as[@]}" test -w "$muster_state" -a -w "$postgres_socket" 2>/dev/null && return 0
    postgres_as=(runuser -u postgres --)
    postgres_data=/var/lib/postgresql/$muster_name
    chmod 711 "$muster_run"
    chown postgres: "$postgres_socket"
}

# postgres_use DATABASE: what programs are told to connect to.
postgres_use() {
    postgres_database=$1
    postgres_conninfo="host=$postgres_socket user=muster dbname=$1"
}

# The folder gets its name when it is whole: an interrupted initdb must not look like a cluster.
postgres_initialise() {
    say "making a PostgreSQL cluster in $postgres_data"
    "${postgres_as[@]}" rm -rf "$postgres_data.new"
    (cd / && "${postgres_as[@]}" "$postgres_bin/initdb" -D "$postgres_data.new" --username=muster --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 >"$muster_log/initdb.log" 2>&1) || {
        tail -n 20 "$muster_log/initdb.log" >&2
        fail "initdb failed"
    }
    "${postgres_as[@]}" mv "$postgres_data.new" "$postgres_data"
}

postgres_ready() { "$postgres_bin/pg_isready" --quiet --host="$postgres_socket"; }

# postgres_running: whether a server holds the data folder, answering or not.
postgres_running() {
    (cd / && "${postgres_as[@]}" "$postgres_bin/pg_ctl" -D "$postgres_data" status >/dev/null 2>&1)
}

# postgres_start: starts a server that outlives this script.
postgres_start() {
    local options="-c listen_addresses= -c unix_socket_directories=$postgres_socket -c unix_socket_permissions=0700"
    (cd / && "${postgres_as[@]}" "$postgres_bin/pg_ctl" -D "$postgres_data" -w -s -o "$options" start) \
        >>"$muster_log/postgres.log" 2>&1 9>&- </dev/null || {
        tail -n 20 "$muster_log/postgres.log" >&2
        fail "PostgreSQL did not start"
    }
}

postgres_stop() {
    postgres_running || return 0
    (cd / && "${postgres_as[@]}" "$postgres_bin/pg_ctl" -D "$postgres_data" -w -s -m fast stop)
}

# postgres_sql DATABASE SQL: bare rows of one statement.
postgres_sql() {
    PGOPTIONS="-c client_min_messages=warning" psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        "host=$postgres_socket user=muster dbname=$1" --command="$2"
}

# postgres_create: makes the database in use, when missing.
postgres_create() {
    [[ $(postgres_sql postgres "SELECT 1 FROM pg_database WHERE datname = '$postgres_database'") == 1 ]] ||
        postgres_sql postgres "CREATE DATABASE $postgres_database"
}

postgres_drop() { postgres_sql postgres "DROP DATABASE IF EXISTS $postgres_database WITH (FORCE)"; }
