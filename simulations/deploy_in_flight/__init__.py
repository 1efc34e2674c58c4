"""Deploy in flight: the orders that the new version does not know.

An order is charged, waits for somebody to pick it from the shelf, and is sent. Version 2 picks first, and charges what
is there. It goes out with the old version's code deleted, for who needs that any more? The orders that were half way
through do: they began with a version that no process has, so they go neither on nor back, charged and not sent, and
nobody hears of them but the customers.

The cure is to keep the old version until its last order is done: instances finish on the version that started them.
"""
