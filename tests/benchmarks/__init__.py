"""Figures, for a person to read; never a test. `make bench` prints them all."""
