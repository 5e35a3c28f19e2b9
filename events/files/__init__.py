"""Files as they come: rows in batches, cells as text, lines that are short, files that are too large."""
