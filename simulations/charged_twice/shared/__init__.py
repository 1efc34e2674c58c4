"""What both twins share: contracts, the card provider, the scenarios, the promise."""
