"""Worlds that are played: what is done to them is kept as a script, and they may run in the background, paced.

One function performs an act, in the original and in its repetition. What reads the machine's clock, or starts a thread,
stands in `metronome` and `driver`; nothing of it reaches a record.
"""
