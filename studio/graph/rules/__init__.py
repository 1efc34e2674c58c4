"""Rules of the architecture lint, by what they look at: members, traffic, cells."""
