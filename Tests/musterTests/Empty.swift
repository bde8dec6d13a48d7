// Tests of muster.
