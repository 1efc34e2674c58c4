"""Invariants while a run goes on: when to ask which, what they read, what they found."""
