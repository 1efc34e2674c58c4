"""Lost compensation: the order was cancelled, and the money kept.

A saga charges, and then reserves a place. The charge times out: that says only that no answer came. The saga undoes what
it has done, and its compensation asks for the charge's receipt to know what to refund. It has none, so it takes the
charge for one that was never made. But it was.

The cure is to refund by what was known before the charge, the order, whether an answer came or not; and to refuse a
charge that comes after its refund.
"""
