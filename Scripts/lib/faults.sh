# shellcheck shell=bash
# Runs the fault tests of the job queue in their long form, and says what they measured.

# faults_bench: a table, and last the JSON object of a bench. A fault that is not stood is a figure that does not hold.
faults_bench() {
    local figures=$muster_log/queue-faults.jsonl result stood=true
    local -x MUSTER_FAULTS=long MUSTER_FAULTS_FIGURES=$figures
    need_packages "${database_packages[@]}" "${fault_packages[@]}"
    need_swift
    rm -f "$figures"
    say "building the tests (the first time takes minutes)"
    swift build --package-path "$muster_root" --build-tests >>"$muster_log/build.log" 2>&1 ||
        fail "the tests do not build: $muster_log/build.log has all of it"
    process_attend swift test --package-path "$muster_root" --skip-build --filter QueueFaultTests >&2 || stood=false
    printf '{"key":"faults.stood","value":%d,"unit":"of 1","goal":1,"holds":%s}\n' \
        "$([[ $stood == true ]] && echo 1 || echo 0)" "$stood" >>"$figures"
    # Of a figure measured in several rounds, the worst.
    result=$(jq --slurp --compact-output --arg commit "$MUSTER_COMMIT" \
        '{bench: "queue-faults", commit: $commit, results: (group_by(.key) | map(max_by(.value)))}' "$figures")
    faults_table <<<"$result"
    printf '%s\n' "$result"
}

faults_table() {
    jq --raw-output '["key", "value", "unit", "goal", "holds"], (.results[]
        | [.key, .value, .unit, .goal // "", if .holds == null then "" elif .holds then "yes" else "NO" end]) | @tsv' |
        awk -F '\t' '{ printf "%-40s %10s  %-8s %6s  %s\n", $1, $2, $3, $4, $5 }'
}
