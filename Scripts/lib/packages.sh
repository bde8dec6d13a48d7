# shellcheck shell=bash
# Installs the Debian packages a verb needs, and checks the Swift toolchain. Silent and offline when all is there.

# What each package is for, said before it is installed.
declare -A package_reason=(
    [git]="fetching Swift packages" [libpq-dev]="the PostgreSQL client library" [libsqlite3-dev]="the agent's offline store"
    [pkg-config]="finding both" [postgresql-15]="the database"
    [containerd]="running containers" [runc]="running containers" [containernetworking-plugins]="container addresses"
    [busybox-static]="the image containers run" [umoci]="building that image without a registry"
    [iproute2]="looking at routes" [curl]="asking containers for their page" [jq]="reading JSON"
    [util-linux]="namespaces and locks" [shellcheck]="checking scripts" [python3-venv]="PgQueuer, to compare with"
    [iptables]="cutting connections" [pgbouncer]="a pooler before the database"
)
build_packages=(git libpq-dev libsqlite3-dev pkg-config)
database_packages=(postgresql-15 util-linux)
container_packages=(containerd runc containernetworking-plugins busybox-static umoci iproute2 util-linux)
report_packages=(curl jq)
fault_packages=(iproute2 iptables pgbouncer util-linux)

# need_packages NAME...: installs those that are missing.
need_packages() {
    local package missing=()
    for package in "$@"; do
        package_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    command -v apt-get >/dev/null || fail "missing: ${missing[*]}. This is not Debian: install what they hold yourself"
    say "installing from Debian:"
    for package in "${missing[@]}"; do say "  $package, for ${package_reason[$package]:-the build}"; done
    install_packages "${missing[@]}"
}

package_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null || true) == installed ]]
}

install_packages() {
    local as=()
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || fail "installing packages needs root: apt-get install $*"
        as=(sudo)
    fi
    # PostgreSQL's package makes and starts a cluster of the system's own unless told not to. Ours is private, so on a
    # machine that had none it would only take memory and port 5432. A PostgreSQL already here is left as it is.
    local quiet=/etc/postgresql-common/createcluster.d/muster.conf hush=no
    if [[ " $* " == *" postgresql-15 "* ]] && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
        hush=yes
        "${as[@]}" mkdir -p "${quiet%/*}"
        "${as[@]}" tee "$quiet" >/dev/null <<<"create_main_cluster = false"
    fi
    local status=0
    { "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
        { "${as[@]}" apt-get update -q &&
            "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }; } \
        >"$muster_log/packages.log" 2>&1 || status=$?
    [[ $hush == no ]] || "${as[@]}" rm -f "$quiet"
    if ((status)); then
        tail -n 20 "$muster_log/packages.log" >&2
        fail "apt-get could not install: $*"
    fi
}

# need_swift: a toolchain new enough for Package.swift.
need_swift() {
    local version
    command -v swift >/dev/null ||
        fail "Swift 6.2 or later is needed and not on the PATH: see https://www.swift.org/install/linux/ (under sudo, keep the PATH)"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [[ $(printf '%s\n' 6.2 "$version" | sort --version-sort | head -n 1) == 6.2 ]] ||
        fail "Swift 6.2 or later is needed, this is ${version:-unknown}: see https://www.swift.org/install/linux/"
}
