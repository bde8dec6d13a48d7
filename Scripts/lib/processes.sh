# shellcheck shell=bash
# The processes of a stack: each under a supervisor, stopped in the reverse of the order they were started in.

process_names=()
declare -A process_supervisor=()
# The step of the script that runs now, if one does.
process_step=""

# process_start NAME SIGNAL COMMAND...: starts one that is started again when it dies; SIGNAL asks it to stop.
#
# A session of its own keeps Ctrl-C at a terminal from reaching it: this script stops things in order. Should the script
# itself be killed, the kernel tells the supervisor. MUSTER_STACK marks what is ours for the sweep after worse.
process_start() {
    local name=$1
    MUSTER_STACK=$muster_run setpriv --pdeathsig TERM setsid \
        "$muster_root/Scripts/lib/supervise.sh" "$name" "$2" "$muster_run" "${@:3}" \
        </dev/null >>"$muster_log/$name.log" 3>&2 2>&1 9>&- &
    process_supervisor[$name]=$!
    process_names+=("$name")
}

# stack_alive: true while no process has died for good; else names the first that has, with its last words.
stack_alive() {
    local name
    for name in "${process_names[@]}"; do
        kill -0 "${process_supervisor[$name]}" 2>/dev/null && continue
        process_last_words "$name"
        return 1
    done
}

process_last_words() {
    [[ -s $muster_log/$1.log ]] || return 0
    say "the last lines of $muster_log/$1.log:"
    tail -n 20 "$muster_log/$1.log" | sed 's/^/    /' >&2
}

# process_stop NAME: asks, waits, and after half a minute insists.
process_stop() {
    local name=$1 pid=${process_supervisor[$1]:-} deadline=$((SECONDS + 30))
    [[ $pid ]] || return 0
    unset "process_supervisor[$name]"
    kill -TERM "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            say "$name did not stop in 30 s; killing it"
            kill -KILL "$(<"$muster_run/$name.pid")" 2>/dev/null || true
            deadline=$((SECONDS + 30))
        fi
        sleep 0.05
    done
    wait "$pid" 2>/dev/null || true
}

processes_stop() {
    local index
    for ((index = ${#process_names[@]} - 1; index >= 0; index--)); do
        process_stop "${process_names[index]}"
    done
    process_names=()
}

# process_attend COMMAND...: runs a step of the script, and gives up on it when a process of the stack dies for good.
# Its status is the step's own.
process_attend() {
    local ended status=0
    "$@" 9>&- &
    process_step=$!
    wait -n -p ended "$process_step" "${process_supervisor[@]}" || status=$?
    if [[ $ended != "$process_step" ]]; then
        stack_alive || true
        fail "the stack is no longer whole"
    fi
    process_step=""
    return "$status"
}

# processes_sweep: ends what an earlier script of this stack left when it was killed together with its supervisors.
processes_sweep() {
    local file pids=()
    while IFS= read -r file; do
        file=${file%/environ}
        pids+=("${file##*/}")
    done < <(grep -lzxF -- "MUSTER_STACK=$muster_run" /proc/[0-9]*/environ 2>/dev/null || true)
    ((${#pids[@]})) || return 0
    say "ending ${#pids[@]} processes left by a run that was killed"
    kill -KILL "${pids[@]}" 2>/dev/null || true
}
