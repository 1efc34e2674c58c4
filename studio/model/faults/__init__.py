"""The kinds of faults, a file for each family: what can go wrong, as values, and how authors write it."""
