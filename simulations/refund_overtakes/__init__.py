"""Refund overtakes its charge: the money that was never given back.

An order is placed and then cancelled: two events, and a consumer that charges for the one and refunds for the other.
The first is redelivered, or waits in another queue, and the cancellation comes before the order. There is nothing to
refund yet, so it is done with. Then the charge comes, finds no payment, and takes the money for good.

The cure is a tombstone: who cancels what he has not seen writes that down, and the late charge is refused.
"""
