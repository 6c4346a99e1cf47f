"""What pydantic says of a wrong value, in words for people who write TOML and type options."""

import re

_WORDS = (
    (r"Value error, ", ""),
    (r"Input should be a valid (?:tuple|list)", 'must be a list in brackets, such as ["one", "another"]'),
    (r"Input should be a valid string", "must be a text in quotes"),
    (r"Input should be a valid integer(?:, .*)?", "must be a whole number"),
    (r"Input should be a valid number(?:, .*)?", "must be a number"),
    (r"Input should be a finite number", "must be a number with an end"),
    (r"Input should be a valid boolean(?:, .*)?", "must be true or false"),
    (
        r"Input should be (?:a valid dictionary|an object).*",
        "must be a table, with its name in brackets above its keys",
    ),
    (r"Input should be greater than or equal to (\S+)", r"must be \1 or more"),
    (r"Input should be greater than (\S+)", r"must be more than \1"),
    (r"Input should be less than or equal to (\S+)", r"must be \1 or less"),
    (r"Input should be less than (\S+)", r"must be less than \1"),
    (
        r"(?:String|Tuple|List|Value) should have at least 1 (?:character|item)(?: after validation, not 0)?",
        "must not be empty",
    ),
    (r"String should have at most (\d+) characters", r"must have at most \1 characters"),
    (r"String should match pattern '.*'", "must begin with a letter or digit, and have letters, digits, . _ : - alone"),
    (r"Field required", "is missing"),
    (r"does not match the formats '%Y-%m-%d'", "is not a day such as 2020-12-31"),
    (r"Input should be ", "must be "),
)


def plain_words(message: str) -> str:
    """A message of pydantic's, or of a library that hands it on, in words of ours."""
    for theirs, ours in _WORDS:
        message = re.sub(theirs, ours, message)
    return message
