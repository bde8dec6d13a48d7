# shellcheck shell=bash
# Shows what a bench measured to people.

# figures_table: reads the JSON object of a bench, writes a line for each of its figures.
figures_table() {
    jq --raw-output '["key", "value", "unit", "goal", "holds", "ours", "floor"], (.results[]
        | [.key, .value, .unit, .goal // "", if .holds == null then "" elif .holds then "yes" else "NO" end,
           .ours // "", .floor // ""]) | @tsv' |
        awk -F '\t' '{ printf "%-40s %10s  %-8s %6s  %-5s %12s %12s\n", $1, $2, $3, $4, $5, $6, $7 }'
}
