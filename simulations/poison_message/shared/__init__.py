"""What both twins share: contracts, the scenarios, the promise."""
