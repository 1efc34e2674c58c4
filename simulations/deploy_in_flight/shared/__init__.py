"""What both twins share: contracts, the services, the scenarios, the promise."""
