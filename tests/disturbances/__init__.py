"""Commands that are killed, meet a disk that fails, or lose power, at each moment: what they leave, and what follows.

`make kill-report`, `make disk-report` and `make power-report` print a table each; `make accept` runs samples of them.
"""
