"""What all rooms speak of: tables and columns, records, value types and errors. Imports no other room."""
