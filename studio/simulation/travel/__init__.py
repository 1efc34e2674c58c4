"""Go back in a run: look at a moment, continue from it under other conditions, compare two runs."""
