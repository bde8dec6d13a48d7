# shellcheck shell=bash
# Pythons that benches need, each with its own packages, under .muster.

# python_prepare NAME FOLDER PACKAGE...: installs the packages in a Python of their own where it is missing; false where that
# cannot be done, its reasons in NAME.log. Sets python_bin.
#
# The folder gets its name when it is whole: an interrupted installation must not look like one.
python_prepare() {
    local name=$1 folder=$muster_state/$2
    shift 2
    python_bin=$folder/bin/python
    [[ ! -x $python_bin ]] || return 0
    python3 -m venv --help >/dev/null 2>&1 || need_packages python3-venv
    say "installing $* in $folder"
    rm -rf "$folder" "$folder.new"
    {
        python3 -m venv "$folder.new" &&
            "$folder.new/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    } >"$muster_log/$name.log" 2>&1 || {
        tail -n 20 "$muster_log/$name.log" >&2
        return 1
    }
    mv "$folder.new" "$folder"
}
