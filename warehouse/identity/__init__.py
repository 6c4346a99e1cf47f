"""Which entries are the same document. Pure: entries and decisions go in, documents come out.

`resolution` is the one way in. A wrong join destroys a record and a missed one counts it twice, so joins are made by
named rules in a stated order, and what is only similar becomes a candidate pair for a person to decide.
"""
