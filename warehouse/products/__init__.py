"""What is made from a published snapshot for others."""
