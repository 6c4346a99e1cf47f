"""Shares as people read them."""

_MAX_SHARE = 1000.0
"""No share is shown that is larger."""


def percent(share: float) -> str:
    """A share (1.0 is all) in percent, rounded to a tenth; 100 % is only what is whole, so that no gap is hidden."""
    bounded = min(max(share, 0), _MAX_SHARE)
    tenths = round(bounded * 1000)
    if tenths == 1000 and bounded != 1:
        tenths += 1 if bounded > 1 else -1
    return "100%" if tenths == 1000 else f"{tenths / 10:,.1f}%"
