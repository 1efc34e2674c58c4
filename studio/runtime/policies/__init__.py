"""Carry a call through the caller's policies, in one order, the same in both engines."""
