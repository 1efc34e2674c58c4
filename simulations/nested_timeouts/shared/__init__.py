"""What both twins share: contracts, the carriers, who asks for quotes, the scenarios, the promise."""
