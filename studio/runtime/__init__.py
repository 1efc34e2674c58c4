"""What happens when a message is handled, under either engine: the corridor from delivery to acknowledgement."""
