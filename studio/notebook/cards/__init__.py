"""Cards: what a cell declared, as a value that shows itself in HTML for both themes and always as text too."""
