"""What happens when a message is handled, the same under both engines: the corridor from delivery to acknowledgement."""
