"""What both twins share: contracts, the shipping service, the scenarios, the promise."""
