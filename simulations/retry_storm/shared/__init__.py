"""What both twins share: contracts, the shop, the scenarios, the promise."""
