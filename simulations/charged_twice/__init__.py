"""Charged twice: the timeout that ran.

A charge is sent, the provider books it, and its reply is lost. The client's timeout says nothing of that: it only says
that no answer came. Who then tries again without an idempotency key charges the card again. Every payment team has met
it; it hides behind retries that work in all tests, since in tests replies arrive.

The cure is one header: the same key for the same order, whatever the attempt.
"""
