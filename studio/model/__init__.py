"""What an author declares, as values: services, data, compositions, sagas, scenarios, faults, invariants, policies."""
