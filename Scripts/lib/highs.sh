# shellcheck shell=bash
# HiGHS, the solver of linear programs that bounds how many GPUs can be given out.

# highs_prepare: installs it where it is missing. Exports MUSTER_HIGHS and MUSTER_GPU_BOUND. Where it cannot be installed
# the bench does without it, says so, and prints no value for the key that needs it.
highs_prepare() {
    python_prepare highs highs-1 'highspy==1.*' || {
        say "HiGHS could not be installed: there will be no gpu.vs_lp"
        return 0
    }
    export MUSTER_HIGHS=$python_bin
    export MUSTER_GPU_BOUND=$muster_root/Scripts/lib/gpu_bound.py
}
