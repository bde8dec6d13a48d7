# shellcheck shell=bash
# The order of the main job, and how big it is on this machine.

# order_write COUNT WINDOW: small containers, anywhere in the country, spread wide, from now.
order_write() {
    jq --null-input --argjson count "$1" --arg window "$2" '{
        name: "main-job",
        spec: { kind: "container", vcpu: 0.05, memoryMiB: 16, image: "muster.local/probe:1" },
        count: $count,
        window: { duration: $window },
        spread: [
            { level: "site", maxPerGroup: 30, whenUnsatisfiable: "reject" },
            { level: "province", minGroups: ([20, $count] | min), whenUnsatisfiable: "reject" }
        ],
        release: { grace: "PT30S" }
    }'
}

# order_size ENGINE: sets $order_count and $order_window from COUNT and WINDOW, or from what this machine can start in
# a time worth waiting for.
order_size() {
    local memory
    if [[ $1 == simulated ]]; then
        order_count=${COUNT:-1000} order_window=${WINDOW:-PT30S}
    else
        memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
        # A machine sold as 8 GiB shows a little less: the kernel keeps some for itself.
        if (($(nproc) >= 8 && memory >= 7680)); then
            order_count=${COUNT:-1000} order_window=${WINDOW:-PT10M}
        else
            order_count=${COUNT:-250} order_window=${WINDOW:-PT4M}
            [[ ${COUNT:-} ]] || say "This machine has $(nproc) cores and $memory MiB: $order_count containers for $order_window." \
                "All 1000, which take it about ten minutes to start and stop: COUNT=1000 WINDOW=PT10M Scripts/run"
        fi
    fi
    [[ $order_count =~ ^[1-9][0-9]{0,6}$ ]] || fail "COUNT is a number of containers from 1, not '$order_count'"
    order_seconds=$(duration_seconds "$order_window") || fail "WINDOW is an ISO 8601 duration such as PT10M, not '$order_window'"
}

# duration_seconds DURATION: hours, minutes and seconds suffice for a window one waits for.
duration_seconds() {
    [[ $1 =~ ^PT(([0-9]+)H)?(([0-9]+)M)?(([0-9]+)S)?$ && $1 != PT ]] || return 1
    echo $((10#${BASH_REMATCH[2]:-0} * 3600 + 10#${BASH_REMATCH[4]:-0} * 60 + 10#${BASH_REMATCH[6]:-0}))
}
