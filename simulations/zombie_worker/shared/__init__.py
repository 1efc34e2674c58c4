"""What both twins share: contracts, leases, the second service, the scenarios, the promise."""
