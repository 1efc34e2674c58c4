"""Engine A: virtual time, worlds, faults, campaigns, hunting and the checking of invariants.

Nothing here reads the machine's clock, draws from global randomness or opens a socket, but for the watchdog, which
measures the machine's time in order to end a handler that never yields.
"""
