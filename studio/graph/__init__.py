"""The whole system as a value: sources executed to declarations, wired, checked, drawn and linted."""
