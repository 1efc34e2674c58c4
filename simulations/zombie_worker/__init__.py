"""Zombie worker: it held the lease, slept, and wrote as if it still did.

A worker takes a lease on an account, reads it, asks whether all is well, and writes. In between its process stands
still: garbage is collected, a virtual machine moves. The lease runs out, another worker takes it, reads, and writes.
Then the first one wakes, where it was, and writes what it had worked out over what the other has written.

A lease cannot prevent that, however short: the check and the write are two things. The cure is a fencing token that the
storage checks as it writes, here the version that was read: `expected_version`.
"""
