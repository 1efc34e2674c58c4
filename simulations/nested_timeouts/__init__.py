"""Nested timeouts: the stand-in that is asked when nobody waits any more.

Whoever asks for a quote waits three seconds. The one who is asked waits ten seconds for the usual carrier, then asks
another one. One day the usual carrier hangs. The other one works, and gives its offer; but it is asked seven seconds
after the customer was told that there is none, for every order. By the metrics of the one who is asked all is well: it
answers, if slowly. Timeouts that nobody chose, such as a client's default, nest so.

The cure is to be less patient inside than outside: what is tried, and what follows, fits into the time of who waits.
"""
