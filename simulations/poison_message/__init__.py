"""Poison message: the order that nobody can pack, and all those that stand behind it.

One event in a million cannot be handled, today or ever: an order without items, made by somebody else's bug. Its
handler raises, the broker hands it over again, the handler raises again. A log that keeps its order, such as Kafka's,
does not pass it: everything behind it in the partition waits, and the lag grows until somebody skips it by hand.

The cure is to give up after a few deliveries, and to put the message where somebody sees it: `max_deliver=3`.
"""
