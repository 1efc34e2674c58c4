"""Double consumer: the points that were earned twice.

A consumer adds points for each order that was paid. It writes, and dies before it acknowledges; or its acknowledgement
is lost; or the broker simply delivers twice. The event comes again, as every broker promises, and its points are added
again. Nobody complains: who would, of points that he was given? In another shop it is stock that was moved twice.

The cure is to commit the number of the message with the points, and to skip what is known: `transactional=True`.
"""
