"""A shop whose truth is known: for the demo, for tests of statistics, for benchmarks."""
