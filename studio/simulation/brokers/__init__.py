"""The simulated brokers: what every delivery model shares, and a file for what is each one's own.

`broker` publishes, `carrier` carries deliveries to replicas and verdicts back, and a model (`jetstream`, `rabbitmq`,
`kafka`) decides what is stored, who gets it when, and when it comes again.
"""
