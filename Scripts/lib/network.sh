# shellcheck shell=bash
# Addresses for containers: one /20 of 100.64.0.0/10, the range set aside for what is behind somebody's own gateway.
#
# The plugin is `ptp`, a veth pair a container: a Linux bridge would end at 1,024 ports. Nothing masquerades: containers
# are reached from this machine, which is what a stack on one machine needs, and no firewall rule is left behind.

# network_prepare: picks a free slice and writes the CNI configuration. Sets $network_subnet and $network_conf.
network_prepare() {
    local slice tries
    slice=$((16#$(printf '%s' "$muster_name" | sha256sum | cut -c1-4) % 1024))
    for ((tries = 0; tries < 1024; tries++)); do
        network_subnet=100.$((64 + slice / 16)).$((slice % 16 * 16)).0/20
        network_taken "$network_subnet" || break
        slice=$(((slice + 1) % 1024))
    done
    ((tries < 1024)) || fail "no free /20 in 100.64.0.0/10 for containers: ip route shows who has them"
    network_conf=$muster_run/cni
    mkdir -p "$network_conf/net.d"
    printf '%s\n' "$network_subnet" >"$muster_run/subnet"
    network_configuration >"$network_conf/net.d/10-muster.conflist"
}

# network_taken SUBNET: whether a route, or another clone's stack, has a part of it. The default route takes nothing.
network_taken() {
    local other
    [[ -z $(ip -4 route show table all root "$1") ]] || return 0
    [[ -z $(ip -4 route show table all match "$1" | grep -v default || true) ]] || return 0
    for other in /run/muster-*/subnet; do
        [[ $other != "$muster_run/subnet" && -f $other && $(<"$other") == "$1" ]] && return 0
    done
    return 1
}

# The leases lie in the run folder: they are worth nothing after a restart, and /var/lib/cni is the system's.
network_configuration() {
    cat <<CONF
{
  "cniVersion": "1.0.0",
  "name": "$muster_name",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "ipam": {
        "type": "host-local",
        "dataDir": "$network_conf/leases",
        "ranges": [[{ "subnet": "$network_subnet" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    }
  ]
}
CONF
}

# network_sweep SANDBOX...: what containers that are gone may have left. Their veth pairs went with their namespaces.
network_sweep() {
    local notes=/var/lib/cni/results
    rm -rf "$muster_run/cni" "$muster_run/subnet"
    # libcni keeps a note of each attachment in the system's folder, named after network, sandbox and interface.
    [[ -d $notes ]] || return 0
    find "$notes" -maxdepth 1 -name "$muster_name-*" -delete
    (($# == 0)) || printf "$notes/cni-loopback-%s-lo\0" "$@" | xargs -0 rm -f
}
