# shellcheck shell=bash
# Builds programs with SwiftPM.

# build_products CONFIGURATION PRODUCT...: sets $build_bin, the folder where they lie. Each configuration has a scratch
# folder of its own, so that building a bench and building the tests do not wait for each other.
build_products() {
    local configuration=$1 product scratch=$muster_root/.build
    shift
    [[ $configuration == debug ]] || scratch=$muster_root/.build-$configuration
    need_swift
    say "building $* ($configuration; the first time takes minutes)"
    for product in "$@"; do
        swift build --package-path "$muster_root" --scratch-path "$scratch" --configuration "$configuration" \
            --product "$product" >>"$muster_log/build.log" 2>&1 || {
            grep -E 'error:' "$muster_log/build.log" | sort -u | head -n 20 >&2 || true
            fail "$product does not build: $muster_log/build.log has all of it"
        }
    done
    build_bin=$(swift build --package-path "$muster_root" --scratch-path "$scratch" --configuration "$configuration" \
        --show-bin-path)
}

# build_tests: all of them, where Scripts/test has them.
build_tests() {
    need_swift
    say "building the tests (the first time takes minutes)"
    swift build --package-path "$muster_root" --build-tests >>"$muster_log/build.log" 2>&1 ||
        fail "the tests do not build: $muster_log/build.log has all of it"
}

# swift_files: the sources people write, each ended by a zero byte. Generated code is as its generator left it.
swift_files() {
    printf 'Package.swift\0'
    find Sources Tests -name '*.swift' ! -path '*/Generated/*' -print0
}
