"""The sections of the page, a file for each group. A function returns None if the record has no data for its section."""
