"""What several tabs are made of: a table that fetches its window, the look of charts, empty states, downloads."""
