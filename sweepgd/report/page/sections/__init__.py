"""The sections of the page, one file for each group. Each function returns a section, or None if the record has no data for it."""
