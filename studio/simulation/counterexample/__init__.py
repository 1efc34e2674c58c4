"""Keep what a search found: the smallest story that breaks a promise, as a value, a picture, a cell and a test."""
