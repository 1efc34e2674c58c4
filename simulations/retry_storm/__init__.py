"""Retry storm: the overload that outlives its cause.

Prices are asked for six times a second, and ten could be answered. For a few seconds they are not; callers try
again, as they were told. When prices come back, all who wait come at once, the queue grows longer than anybody's
patience, each answer comes too late for the one who asked, and who got none tries again: three questions where there
was one. The cause is gone, the overload feeds itself; only switching customers off ends it. The field calls such a
failure metastable (Bronson et al., HotOS 2021).

The cure is to bound retries by a share of the calls: `Retry(budget=Budget(…))`. A long queue does not help; it hurts.
"""
