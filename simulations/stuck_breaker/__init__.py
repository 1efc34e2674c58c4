"""Stuck breaker: the shop that never sells again.

Payments fail for a minute, a circuit breaker opens, as it should; payments come back, and the breaker stays open until
somebody restarts the process. It was written by hand: its refusal is raised where failures are counted, so that each
refusal counts as one more failure and pushes the moment of the next attempt away. As long as customers come, it never
tries. Tests, in which one customer comes and the clock is moved on, see it close.

The cure is a breaker that tells its own refusals from failures, and that lets a probe through: `Breaker(…)`.
"""
