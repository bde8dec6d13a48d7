/// The shell programs that look after a throw-away cluster.
///
/// The supervisor reads commands from a pipe whose other end only the test process holds. However that process ends,
/// the pipe closes, and the supervisor stops the server and removes its folder. No test run leaves one behind.
enum Supervisor {
    /// PostgreSQL refuses to run as root. A user namespace in which root has another number is the lightest way round;
    /// where there is none, the user `postgres` serves. Arguments: the inner program, the folder, further settings, the
    /// ballast in megabytes.
    static let outer = """
        trap '' INT HUP TERM
        inner=$1
        shift
        if [ "$(id -u)" != 0 ]; then exec sh -c "$inner" sh "$@"; fi
        if unshare -U --map-user=1000 true 2>/dev/null; then
            exec unshare -U --map-user=1000 sh -c "$inner" sh "$@"
        fi
        chown -RL postgres "$1" && exec runuser -u postgres -- sh -c "$inner" sh "$@"
        echo "failed: root needs unshare or the user postgres"
        """

    /// Makes the cluster, then obeys: one word in, one line out. Arguments: the folder, further settings,
    /// the ballast in megabytes, none where there is no disk of its own.
    ///
    /// Without fsync a commit is safe from the death of every process, though not from that of the machine.
    static let inner = """
        trap '' INT HUP TERM
        folder=$1 settings=$2 ballast=$3
        cd "$folder" || exit 1
        newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
        PATH="$newest:$PATH:/usr/local/pgsql/bin"
        start() {
            tries=0
            until pg_ctl -D data -l log -w -t 60 start </dev/null >pg_ctl.log 2>&1; do
                tries=$((tries + 1))
                [ $tries -lt 20 ] || return 1
                sleep 0.2
            done
        }
        answer() {
            if "$@"; then
                echo ok
            else
                echo "failed: $* $(cat initdb.log pg_ctl.log log 2>/dev/null | tail -n 3 | tr '\\n' ' ')"
            fi
        }
        make() {
            initdb -D data -A trust -U postgres -E UTF8 --no-locale --no-sync </dev/null >initdb.log 2>&1 || return 1
            cat >>data/postgresql.conf <<SETTINGS
        listen_addresses = ''
        unix_socket_directories = '$folder'
        fsync = off
        full_page_writes = off
        autovacuum = off
        max_connections = 200
        shared_buffers = 64MB
        $settings
        SETTINGS
            if [ "$ballast" ]; then head -c "${ballast}M" /dev/zero >data/ballast || return 1; fi
            start
        }
        stop() {
            pg_ctl -D data -m fast -w stop >pg_ctl.log 2>&1
        }
        # Every process of the server at once, as when a machine loses power, but for what the kernel still holds.
        crash() {
            main=$(head -n 1 data/postmaster.pid) || return 1
            kill -9 "$main" $(cat "/proc/$main/task/$main/children")
        }
        # Gives the disk room again; a server that has ended for want of it does not come back by itself.
        drop_ballast() {
            rm data/ballast && { pg_ctl -D data status >pg_ctl.log 2>&1 || start; }
        }
        answer make
        while read -r word; do
            case $word in start | stop | crash | drop_ballast) answer "$word" ;; esac
        done
        pg_ctl -D data -m immediate -w stop >/dev/null 2>&1
        cd / && rm -rf "$folder"
        """
}
