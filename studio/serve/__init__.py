"""Engine B: the real world. Wall clocks, durable storage, the in-process bus, cron, third parties, telemetry."""
