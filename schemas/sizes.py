"""Sizes for people."""

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def shown_size(count: int) -> str:
    """A number of bytes, rounded to what a person needs: `11 bytes`, `16 KB`, `3.4 GB`; units are powers of 1024."""
    size, unit = float(count), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    if unit == 0:
        return "1 byte" if count == 1 else f"{count} bytes"
    return f"{size:.1f} {_UNITS[unit]}" if size < 9.95 else f"{size:.0f} {_UNITS[unit]}"
