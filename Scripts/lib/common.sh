# shellcheck shell=bash
# What every script shares: where the clone lies, where state and sockets go, how to speak and how to fail.
#
# A stack is one set of private servers. `main` belongs to run, serve, database and bench; `test` belongs to the tests,
# so that a suite may run beside a stack that is up. Nothing of a stack lies outside its two folders:
#   $muster_state   .muster (or .muster/test): what should survive a restart, and logs
#   $muster_run     sockets, process ids, keys: short, because a UNIX socket's path holds 107 bytes

muster_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
muster_hash=$(printf '%s' "$muster_root" | sha256sum | cut -c1-8)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# use_stack NAME: names the folders of one stack.
use_stack() {
    local suffix="" base=/run
    muster_state=$muster_root/.muster
    if [[ $1 != main ]]; then
        suffix=-$1
        muster_state+=/$1
    fi
    [[ $EUID -eq 0 ]] || base=${XDG_RUNTIME_DIR:-/tmp}
    muster_name=muster-$muster_hash$suffix
    muster_run=$base/$muster_name
    muster_log=$muster_state/log
    mkdir -p "$muster_log" 2>/dev/null || true
    # A script that ran under sudo has made these folders root's, which whoever comes without finds out later.
    [[ -w $muster_state && -w $muster_log ]] ||
        fail "$muster_log cannot be written. If a script ran under sudo before: go on with sudo, or take back what is yours with" \
            "sudo chown -R $(id -un) $muster_root"
}

# run_folder: makes the folder for sockets and keys, readable by nobody else.
run_folder() {
    # In a shared /tmp somebody else may have taken the name: refuse to put keys and sockets there.
    (umask 077 && mkdir -p "$muster_run")
    [[ -O $muster_run && ! -L $muster_run ]] || fail "$muster_run belongs to somebody else; remove it first"
}

# lock_stack: one script at a time drives a stack. The lock goes with the process, however it ends.
lock_stack() {
    exec 9>"$muster_state/lock"
    flock --nonblock 9 || fail "another script of this clone is using $muster_state; end it first (Scripts/serve, run or bench)"
}

# wait_until SECONDS WHAT COMMAND...: asks until COMMAND succeeds.
wait_until() {
    local seconds=$1 what=$2 deadline
    shift 2
    deadline=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        stack_alive || return 1
        sleep 0.05
    done
    say "$what"
}

# stack_alive: whether every process that should be up is. stack.sh redefines it once there are processes.
stack_alive() { true; }

# need_root WHY: containers are mounts, network namespaces and cgroups, which are root's.
need_root() {
    [[ $EUID -eq 0 ]] || fail "$1 needs root: run it through sudo --preserve-env=PATH"
}
