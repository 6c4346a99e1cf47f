"""Reading HTML, whatever the archive: its text in reading order, and how deep it may nest."""
