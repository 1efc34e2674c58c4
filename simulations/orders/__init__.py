"""The order system: an order is placed, stock reserved, a card charged, a parcel sent, a letter written, or all undone.

Read `contracts` first, then `orders` and `order_processing`, then one service after the other, then a scenario. Run one
with `studio simulate simulations/orders calm`.
"""
