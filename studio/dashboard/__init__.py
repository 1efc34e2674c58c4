"""Look at runs in a browser: the log and, where there is one, the running world, in eight tabs.

Importing this package loads Panel, which takes a second or two: only what opens a dashboard does it.
"""
