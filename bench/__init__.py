"""Measures the whole pipe on one machine, with every guarantee on; prints ratios of one run."""
