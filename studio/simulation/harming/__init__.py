"""Apply the faults of a plan: an applier for each family, which the engine asks where something of it can go wrong."""
