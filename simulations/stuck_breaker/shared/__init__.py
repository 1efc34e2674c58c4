"""What both twins share: contracts, the payments, the scenarios, the promise."""
