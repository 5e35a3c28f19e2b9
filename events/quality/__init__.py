"""The quality of the data in a file before and after cleaning: figures, tables, a page."""
