# shellcheck shell=bash
# Two images made from Debian's static busybox, without any registry: what sandboxes hold on to, and what orders run.

# images_build: makes what is missing. The same busybox gives the same digests on every machine: times are zero,
# owners root, files sorted. Sets $images_folder, where NAME.tar lie.
images_build() {
    local key
    key=$(cat "$(image_busybox)" "${BASH_SOURCE[0]}" "$muster_root/Scripts/lib/image/probe" | sha256sum | cut -c1-12)
    images_folder=$muster_root/.muster/images/$key
    [[ -f $images_folder/probe.tar && -f $images_folder/pause.tar ]] && return 0
    say "building images in $images_folder"
    mkdir -p "$images_folder"
    find "${images_folder%/*}" -mindepth 1 -maxdepth 1 ! -name "$key" -exec rm -rf {} +
    image_make pause --config.cmd /bin/sleep --config.cmd 2147483647
    image_make probe --config.entrypoint /bin/probe --config.env PATH=/bin --config.exposedports 80/tcp
}

image_busybox() {
    command -v busybox || fail "busybox is not on the PATH"
}

# image_make NAME UMOCI_CONFIG...: one layer, one image, one archive, named when it is whole.
image_make() {
    local name=$1 work applet
    shift
    work=$(mktemp -d)
    mkdir -p "$work/root"/{bin,dev,etc,proc,sys,tmp,www}
    chmod 1777 "$work/root/tmp"
    install -m 755 "$(image_busybox)" "$work/root/bin/busybox"
    for applet in $("$work/root/bin/busybox" --list); do
        [[ $applet == busybox ]] || ln -s busybox "$work/root/bin/$applet"
    done
    install -m 755 "$muster_root/Scripts/lib/image/probe" "$work/root/bin/probe"
    echo "root:x:0:0:root:/:/bin/sh" >"$work/root/etc/passwd"
    image_archive "$work/root" >"$work/layer.tar"

    umoci init --layout "$work/oci"
    umoci new --image "$work/oci:1"
    umoci --log error raw add-layer --no-history --image "$work/oci:1" "$work/layer.tar"
    umoci config --no-history --created 1970-01-01T00:00:00Z "$@" --image "$work/oci:1"
    umoci gc --layout "$work/oci"
    image_archive "$work/oci" >"$work/$name.tar"
    mv "$work/$name.tar" "$images_folder/$name.tar"
    rm -rf "$work"
}

image_archive() {
    tar --create --directory "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu .
}

# images_import: gives both to the private containerd.
images_import() {
    local name
    for name in pause probe; do
        containerd_ctr images import --snapshotter "$containerd_snapshots" --base-name "muster.local/$name" \
            "$images_folder/$name.tar" >>"$muster_log/images.log" 2>&1 || {
            tail -n 5 "$muster_log/images.log" >&2
            fail "containerd did not take muster.local/$name:1"
        }
    done
}
