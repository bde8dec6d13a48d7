# shellcheck shell=bash
# The whole of Muster on one machine: PostgreSQL, containerd, musterd and one agent, from nothing up and down again.

# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"
# shellcheck source=packages.sh
source "${BASH_SOURCE[0]%/*}/packages.sh"
# shellcheck source=build.sh
source "${BASH_SOURCE[0]%/*}/build.sh"
# shellcheck source=processes.sh
source "${BASH_SOURCE[0]%/*}/processes.sh"
# shellcheck source=postgres.sh
source "${BASH_SOURCE[0]%/*}/postgres.sh"
# shellcheck source=network.sh
source "${BASH_SOURCE[0]%/*}/network.sh"
# shellcheck source=containerd.sh
source "${BASH_SOURCE[0]%/*}/containerd.sh"
# shellcheck source=images.sh
source "${BASH_SOURCE[0]%/*}/images.sh"

stack_has_containers=no
# Whom the tenant's key belongs to.
stack_tenant=newcomer
# How long a command of the command line may take, in seconds.
stack_limit=60

# stack_begin NAME: takes the stack for this script, clears what a killed one left, and sees that the end is orderly
# however it comes.
stack_begin() {
    use_stack "$1"
    lock_stack
    run_folder
    trap stack_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    processes_sweep
    [[ $EUID -ne 0 ]] || containerd_sweep
    rm -f "$muster_run"/*.pid "$muster_run"/*.key "$muster_run/listen"
    find "$muster_log" -name '*.log' ! -name postgres.log -delete
}

# stack_end: stops what this script started and nothing else. Runs once, and Ctrl-C does not hurry it.
stack_end() {
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP
    [[ -z $process_step ]] || kill -TERM "$process_step" 2>/dev/null || true
    ((${#process_names[@]} == 0)) || say "stopping ${process_names[*]}"
    process_stop agent
    process_stop musterd
    process_stop containerd
    [[ $stack_has_containers == no ]] || containerd_sweep
    processes_stop
    rm -f "$muster_run"/*.key "$muster_run/listen"
    # A PostgreSQL that was up before (Scripts/database start) still has its socket there.
    [[ -d $muster_run/postgres && -n $(ls -A "$muster_run/postgres") ]] || rm -rf "$muster_run"
    exit "$status"
}

# stack_postgres DATABASE: up, answering, with that database in it.
stack_postgres() {
    postgres_prepare "$1"
    if postgres_running && [[ -f $muster_state/postgres.standing ]]; then
        say "PostgreSQL is up since Scripts/database start: using it, and leaving it up"
    else
        # What runs here without having been asked to stand is a killed script's.
        postgres_stop
        : >"$muster_log/postgres.log"
        process_start postgres INT "${postgres_command[@]}"
    fi
    wait_until 60 "PostgreSQL answers on $postgres_socket" postgres_ready || fail "PostgreSQL did not come up"
    [[ $postgres_fresh == no ]] || postgres_drop
    postgres_create
}

# stack_containerd: up, answering, with both images in it.
stack_containerd() {
    need_root "running containers"
    images_build
    containerd_prepare
    stack_has_containers=yes
    process_start containerd TERM "${containerd_command[@]}"
    wait_until 60 "containerd answers on $containerd_socket" containerd_ready || fail "containerd did not come up"
    images_import
}

# stack_musterd: migrated and serving. Sets $stack_url, and leaves a key for each role in the run folder.
stack_musterd() {
    local role listen=$muster_run/listen
    "$build_bin/musterd" migrate --database "$postgres_conninfo" --migrations "$muster_root/Migrations" \
        >>"$muster_log/migrate.log" 2>&1 || {
        process_last_words migrate
        fail "the database could not be migrated"
    }
    process_start musterd TERM "$muster_root/Scripts/lib/again.sh" "$listen" "$build_bin/musterd" all \
        --database "$postgres_conninfo" --migrations "$muster_root/Migrations"
    wait_until 60 "musterd is up" stack_musterd_ready || fail "musterd did not come up"
    stack_url=http://$(<"$listen")
    for role in operator tenant agent; do
        stack_key "$role"
    done
}

stack_musterd_ready() {
    [[ -s $muster_run/listen ]] && curl --silent --fail --max-time 2 "http://$(<"$muster_run/listen")/readyz"
}

# stack_key ROLE: the first keys come straight from the database; there is nobody yet who could ask over HTTP.
stack_key() {
    local file=$muster_run/$1.key
    (umask 077 && "$build_bin/musterd" key create --database "$postgres_conninfo" --role "$1" --tenant "$stack_tenant" \
        >"$file" 2>>"$muster_log/keys.log") || {
        process_last_words keys
        fail "no $1 key could be made"
    }
}

# stack_fleet: 93 sites, one for each province and carrier.
stack_fleet() {
    stack_muster operator fleet import "$muster_root/Tests/Fixtures/provinces.csv" >&2 || fail "the fleet was not taken"
}

# stack_agent ENGINE: one agent for every site of the fleet, all of them on this machine.
stack_agent() {
    # What the agent remembers belongs to one database, and goes with it.
    local memory=$muster_state/agent/$postgres_database arguments
    [[ $postgres_fresh == no ]] || rm -rf "$memory"
    mkdir -p "$memory"
    arguments=(--server "$stack_url" --key-file "$muster_run/agent.key" --sites all --engine "$1" --state "$memory"
        --concurrency 4)
    [[ $1 != cri ]] || arguments+=(--containerd "$containerd_socket")
    process_start agent TERM "$build_bin/muster-agent" "${arguments[@]}"
}

# stack_muster ROLE ARGUMENT...: the command line a person has, with that role's key.
stack_muster() {
    local -x MUSTER_URL=$stack_url MUSTER_DATABASE=$postgres_conninfo MUSTER_KEY
    MUSTER_KEY=$(<"$muster_run/$1.key")
    process_attend timeout --foreground "$stack_limit" "$build_bin/muster" "${@:2}"
}

# stack_up ENGINE DATABASE: all of it, debug build, with the fleet of this machine's 93 sites.
stack_up() {
    [[ $1 == cri || $1 == simulated ]] || fail "ENGINE is cri or simulated, not '$1'"
    need_packages "${build_packages[@]}" "${database_packages[@]}" "${report_packages[@]}"
    [[ $1 != cri ]] || need_packages "${container_packages[@]}"
    build_products debug musterd muster muster-agent
    stack_postgres "$2"
    [[ $1 != cri ]] || stack_containerd
    stack_musterd
    stack_fleet
    stack_agent "$1"
}
