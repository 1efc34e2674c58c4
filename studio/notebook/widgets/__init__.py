"""Widgets in a notebook's cells: controls of a world, an explorer of a run, progress that can be cancelled."""
