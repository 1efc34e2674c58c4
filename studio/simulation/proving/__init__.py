"""Prove findings of the architecture lint: simulate the behaviour that a rule warns of, and see whether it comes."""
