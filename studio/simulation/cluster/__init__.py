"""Engine A: the machines of a simulated world: replicas, network, storage, third parties, clocks, regular work."""
