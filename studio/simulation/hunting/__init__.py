"""Hunt for the fewest faults that break a promise: places, candidates, the search, shrinking, the verdict."""
