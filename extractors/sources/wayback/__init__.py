"""The Wayback Machine, and web archives that answer as it does: their index is asked, then the captures as they came.

The index is a CDX server. The Internet Archive's answers with arrays of JSON: a header row, a row for each capture, and
if there is more an empty row and a key to go on with (README of `wayback-cdx-server`). pywb's answers with a JSON
object on each line, and knows no such key (its manual, "CDXJ Server API"). The answer shows which one it is. A capture
is asked for as `{url}/{timestamp}id_/{captured}`, which gives the body without any rewriting; its timestamp is in
`Memento-Datetime` (RFC 7089, 2.1.1).
"""
