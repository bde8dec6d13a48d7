# shellcheck shell=bash
# Builds programs with SwiftPM.

# build_products CONFIGURATION PRODUCT...: sets $build_bin, the folder where they lie. Each configuration has a scratch
# folder of its own, so that building a bench and building the tests do not wait for each other. A compiler that outlives
# a killed script must not keep the stack's lock (descriptor 9).
build_products() {
    local configuration=$1 product scratch=$muster_root/.build
    shift
    [[ $configuration == debug ]] || scratch=$muster_root/.build-$configuration
    need_swift
    say "building $* ($configuration; the first time takes minutes)"
    for product in "$@"; do
        swift build --package-path "$muster_root" --scratch-path "$scratch" --configuration "$configuration" \
            --product "$product" 2>&1 9>&- | build_follow "$product" || {
            # Ctrl-C is nobody's failure.
            (($? != 130)) || exit 130
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
    swift build --package-path "$muster_root" --build-tests 2>&1 9>&- | build_follow tests ||
        fail "the tests do not build: $muster_log/build.log has all of it"
}

# build_follow WHAT: keeps what swift build says in the log, and tells every half minute how far it is, and at once that it
# waits for another build. A part of the pipeline and no process in the background, so that Ctrl-C ends both.
build_follow() {
    local line told=$SECONDS
    while IFS= read -r line; do
        printf '%s\n' "$line"
        if [[ $line == "Another instance of SwiftPM"* ]]; then
            say "  $line"
        elif ((SECONDS - told >= 30)) && [[ $line =~ ^\[([1-9][0-9]*)/([0-9]+)\] ]]; then
            say "  $1: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} steps"
            told=$SECONDS
        fi
    done >>"$muster_log/build.log"
}

# swift_files: the sources people write, each ended by a zero byte. Generated code is as its generator left it.
swift_files() {
    printf 'Package.swift\0'
    find Sources Tests -name '*.swift' ! -path '*/Generated/*' -print0
}
