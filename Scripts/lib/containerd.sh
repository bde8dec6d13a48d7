# shellcheck shell=bash
# A private containerd: own root, state and socket. One of the system's, or of another clone, is never touched.

# containerd_prepare: writes the configuration. Sets $containerd_socket, $containerd_command, $containerd_snapshots.
containerd_prepare() {
    containerd_name_folders
    mkdir -p "$containerd_root" "$containerd_state"
    network_prepare
    containerd_snapshots=$(containerd_snapshotter)
    containerd_configuration >"$muster_run/containerd.toml"
    # One that was killed while it noted a sandbox's network leaves an empty note, cannot read it when the sandbox goes,
    # and then never lets go of it. Where there is no note it manages.
    # shellcheck disable=SC2016
    containerd_command=(sh -c 'find /var/lib/cni/results -maxdepth 1 -type f -empty -delete 2>/dev/null
        exec containerd --config "$1"' containerd "$muster_run/containerd.toml")
}

containerd_name_folders() {
    containerd_root=$muster_state/containerd
    containerd_state=$muster_run/containerd
    containerd_socket=$muster_run/containerd.sock
}

# What differs from the defaults, and why:
# - the sandbox image is built here, since there is no registry to pull one from;
# - a root without CAP_SYS_RESOURCE may not lower OOM scores, and AppArmor may be compiled in but not mounted;
# - network namespaces and runc's state lie in our folders, where they can be swept, not in the system's;
# - plugins that make folders outside (`opt`) or want other file systems are off.
containerd_configuration() {
    cat <<CONF
version = 2
root = "$containerd_root"
state = "$containerd_state"
disabled_plugins = [
    "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
    "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "$containerd_socket"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "muster.local/pause:1"
disable_apparmor = true
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$network_conf/net.d"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "$containerd_snapshots"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "$muster_run/runc"
CONF
}

# containerd_snapshotter: overlayfs, except where the clone lies on something an overlay cannot lie on.
containerd_snapshotter() {
    local trial=$containerd_root/trial kind=native
    mkdir -p "$trial"/{lower,upper,work,merged}
    if mount -t overlay overlay -o "lowerdir=$trial/lower,upperdir=$trial/upper,workdir=$trial/work" "$trial/merged" 2>/dev/null; then
        umount "$trial/merged"
        kind=overlayfs
    fi
    rm -rf "$trial"
    printf %s "$kind"
}

containerd_ctr() { ctr --address "$containerd_socket" --namespace k8s.io "$@"; }

containerd_ready() { [[ -S $containerd_socket ]] && containerd_cri_works; }

containerd_cri_works() {
    containerd_ctr plugins ls | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" && $NF == "ok" { ok = 1 } END { exit !ok }'
}

# containerd_sweep: ends every container of this stack and removes what it had. Needs no containerd running: it serves
# as well after everything was killed as after an orderly stop. Containers are known by their bundles' names.
containerd_sweep() {
    containerd_name_folders
    containerd_bundles
    containerd_kill_shims
    containerd_kill_containers
    containerd_unmount
    network_sweep "${containerd_ids[@]}"
    rm -rf "$containerd_root" "$containerd_state" "$muster_run/runc"
    rm -f "$containerd_socket" "$containerd_socket.ttrpc" "$muster_run/containerd.toml"
}

# containerd_bundles: sets $containerd_ids to the sandboxes and containers there are, or were at the time of a crash.
containerd_bundles() {
    local bundle
    containerd_ids=()
    for bundle in "$containerd_state"/io.containerd.runtime.v2.task/*/*/; do
        [[ ! -d $bundle ]] || containerd_ids+=("$(basename "$bundle")")
    done
}

# Each shim carries our socket's path as an argument of its own; nobody else's does.
containerd_kill_shims() {
    local file pids=() address
    while IFS= read -r file; do
        [[ $(readlink "${file%/cmdline}/exe") == */containerd-shim-* ]] || continue
        file=${file%/cmdline}
        pids+=("${file##*/}")
    done < <(grep -lzxF -- "$containerd_socket" /proc/[0-9]*/cmdline 2>/dev/null || true)
    ((${#pids[@]} == 0)) || kill -KILL "${pids[@]}" 2>/dev/null || true
    # A killed shim leaves its socket in a folder all containerds share; the bundle says which it was.
    for file in "$containerd_state"/io.containerd.runtime.v2.task/*/*/address; do
        [[ -f $file ]] || continue
        address=$(<"$file")
        rm -f -- "${address#unix://}"
    done
}

# A container's processes are those of the control groups named after it.
containerd_kill_containers() {
    local groups=()
    ((${#containerd_ids[@]})) || return 0
    say "removing ${#containerd_ids[@]} containers"
    mapfile -t groups < <(find /sys/fs/cgroup -depth -type d 2>/dev/null |
        awk -F/ 'NR == FNR { known[$1]; next } $NF in known' <(printf '%s\n' "${containerd_ids[@]}") -)
    ((${#groups[@]})) || return 0
    # A group may vanish between listing and reading: then there is nobody left to kill. A 0 stands for a process this
    # PID namespace cannot see; to `kill` it would mean ourselves.
    printf '%s/cgroup.procs\0' "${groups[@]}" | { xargs -0 cat 2>/dev/null || true; } | sed '/^0$/d' | sort -u |
        xargs --no-run-if-empty kill -KILL 2>/dev/null || true
    groups_remove "${groups[@]}"
}

# groups_remove GROUP...: a control group can be removed once its last process has been reaped.
groups_remove() {
    local tries group left
    for ((tries = 0; tries < 100; tries++)); do
        printf '%s\0' "$@" | xargs -0 rmdir 2>/dev/null || true
        left=()
        for group in "$@"; do
            [[ ! -d $group ]] || left+=("$group")
        done
        ((${#left[@]})) || return 0
        set -- "${left[@]}"
        sleep 0.05
    done
    say "control groups that will not go: $*"
}

# Root file systems, shared memory and network namespaces, deepest first.
containerd_unmount() {
    local points=()
    mapfile -t points < <(awk -v a="$containerd_root/" -v b="$containerd_state/" \
        'index($5, a) == 1 || index($5, b) == 1 { print $5 }' /proc/self/mountinfo | sort --reverse)
    ((${#points[@]} == 0)) || printf '%s\0' "${points[@]}" | xargs -0 umount --lazy
}
