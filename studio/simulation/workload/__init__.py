"""What arrives from outside: when, and with what data."""
