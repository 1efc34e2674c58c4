"""Check that a run is decided by sources, scenario and seed alone: run it again elsewhere, and name what differs."""
