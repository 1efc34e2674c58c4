"""Virtual time: a loop without a clock, tasks of our own, incarnations that can crash, and what guards them."""
