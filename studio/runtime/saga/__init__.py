"""Sagas at run time: the journal, one instance carried through its steps or back, and the orchestrator of many."""
