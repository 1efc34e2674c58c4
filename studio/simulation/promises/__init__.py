"""What Studio itself promises of every run, unless a scenario is declared `without` it: one file for each group.

A promise looks back over the log of a run that has come to its end, so it misses nothing that healed meanwhile. Each
states the condition under which the delivery model gives it.
"""
