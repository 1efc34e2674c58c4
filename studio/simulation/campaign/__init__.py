"""Run one scenario under many seeds, in worker processes or on a cluster, and say what came of them.

Workers get sources and cases, never objects, and return summaries; results are ordered by seed, however many work.
"""
