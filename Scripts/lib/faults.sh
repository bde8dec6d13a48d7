# shellcheck shell=bash
# Runs the fault tests of the job queue in their long form, and says what they measured.

# faults_bench: a table, and last the JSON object of a bench. A fault that is not stood is a figure that does not hold.
faults_bench() {
    local figures=$muster_log/queue-faults.jsonl result suite stood=true
    local -x MUSTER_FAULTS=long MUSTER_FIGURES=$figures
    need_packages "${database_packages[@]}" "${fault_packages[@]}"
    rm -f "$figures"
    build_tests
    # One after the other: the first holds its faults to times.
    for suite in QueueFaultTests TwoLeadersTests; do
        process_attend swift test --package-path "$muster_root" --skip-build --filter "$suite" >&2 || stood=false
    done
    printf '{"key":"faults.stood","value":%d,"unit":"of 1","goal":1,"holds":%s}\n' \
        "$([[ $stood == true ]] && echo 1 || echo 0)" "$stood" >>"$figures"
    # Of a figure measured in several rounds, the worst.
    result=$(jq --slurp --compact-output --arg commit "$MUSTER_COMMIT" \
        '{bench: "queue-faults", commit: $commit, results: (group_by(.key) | map(max_by(.value)))}' "$figures")
    figures_table <<<"$result"
    printf '%s\n' "$result"
}
