"""Dual write: the order that nobody heard of.

A service writes its database and then publishes an event. Between the two the process dies, or the broker does not
answer, and the order stands without the event: no mail, no parcel, no invoice, and nothing to retry, since to the
database all is well. The other order is no better: then the event tells of an order that does not exist.

The cure is to commit the event with the write, in an outbox, and to publish it from there: `transactional=True`.
"""
