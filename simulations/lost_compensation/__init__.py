"""Lost compensation: the order was cancelled, and the money kept.

A saga charges, and then holds a seat. The charge times out: that says only that no answer came. The saga undoes what it
has done, and its compensation looks at what the charge had answered. There is no answer, so it takes the charge for one
that was never made. But it was.

The cure is to refund by what was known before the charge, the order, whether an answer came or not; and to refuse a
charge that comes after its refund.
"""
