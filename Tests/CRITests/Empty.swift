// Tests of CRI.
