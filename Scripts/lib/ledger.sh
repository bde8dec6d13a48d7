# shellcheck shell=bash
# Measures the ledger, and proves in the long form that it is never oversold.

# ledger_bench [PART...]: what muster-bench measures on a durable server, and the proof, unless parts are named.
ledger_bench() {
    local figures=$muster_log/ledger.jsonl output=$muster_log/ledger.out result
    local -x MUSTER_DATABASE MUSTER_MIGRATIONS=$muster_root/Migrations MUSTER_LEDGER=long MUSTER_FIGURES=$figures
    need_packages "${database_packages[@]}"
    build_products release muster-bench
    : >"$figures"
    (($# > 0)) || ledger_proof
    postgres_fresh=yes
    stack_postgres muster_bench
    MUSTER_DATABASE=$postgres_conninfo
    process_attend "$build_bin/muster-bench" ledger "$@" >"$output"
    result=$(tail -n 1 "$output" | jq --compact-output --slurpfile proved "$figures" '.results += $proved')
    figures_table <<<"$result"
    printf '%s\n' "$result"
}

# A proof that fails is a figure that does not hold.
ledger_proof() {
    local stood=true
    build_tests
    process_attend swift test --package-path "$muster_root" --skip-build --filter OversellProofTests >&2 || stood=false
    printf '{"key":"ledger.proved","value":%d,"unit":"of 1","goal":1,"holds":%s}\n' \
        "$([[ $stood == true ]] && echo 1 || echo 0)" "$stood" >>"$figures"
}
