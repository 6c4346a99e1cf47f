"""Containers that are not read: what each is, and what to do, so that none is passed over in silence."""

import re

# What people pack with, by its first bytes.
_PACKERS = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x1f\x9d": "compress (.Z)",
    b"\x04\x22\x4d\x18": "LZ4",
    b"LZIP": "lzip",
    b"MSCF": "Cabinet",
    b"ITSF": "CHM",
}
# A part of a file that was cut into several, by its name alone: only the first has a head of its own.
_PART = re.compile(
    r"(?P<whole>.+\.(?:zip|7z|rar|tar|t[gbx]z|tar\.\w{1,4}|wacz|gz|zst|xz|bz2))"
    r"\.(?:[01][0-9]{2}|aa[a-z]|(?!bz)[a-d][a-z]|part[0-9]+)"
    r"|(?P<zip>.+)\.z[0-9]{2}|(?P<rar>.+)\.part[0-9]+\.rar|(?P<old>.+)\.r[0-9]{2}",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MITMPROXY = re.compile(rb"[0-9]{1,9}:[0-9]{1,9}:(?:response|request|websocket|version|type|error|id|client_conn)[;,]")
_CHARLES_JSON = re.compile(rb'\s*\[\s*\{\s*"status"\s*:\s*"[A-Z_]+"\s*,\s*"method"\s*:\s*"[A-Z]+"')
_CHARLES_NAME = re.compile(r".+\.chls[jx]?", re.IGNORECASE | re.DOTALL)


def whole_of_part(name: str, head: bytes) -> str | None:
    """The file that a part of it belongs to, by its name; `None` for what is no such part.

    Args:
        name: Of the file.
        head: Its first bytes: a part of an archive is no text.
    """
    match = _PART.fullmatch(name)
    if match is None or _CONTROL.search(head) is None:
        return None
    if match["whole"]:
        return match["whole"]
    return f"{match['zip']}.zip" if match["zip"] else f"{match['rar'] or match['old']}.rar"


def joining(whole: str) -> str:
    """What to do with the parts of a file."""
    if whole.lower().endswith(".rar"):
        return f"a part of {whole}, which was cut into several: unpack all of them with unrar, and harvest the folder"
    if whole.lower().endswith(".zip"):
        return (
            f"a part of {whole}, which was cut into several: join them (zip -s 0 for .z01, cat for .zip.001), unpack "
            "the zip, and harvest the folder"
        )
    return f"a part of {whole}, which was cut into several: join them with cat PARTS > {whole}, and harvest that"


def unread_container(name: str, head: bytes) -> str | None:
    """What a container is that is not read, and what to do; `None` for everything else."""
    packer = next((kind for magic, kind in _PACKERS.items() if head.startswith(magic)), None)
    if packer is not None:
        return f"an archive of the kind {packer} cannot be read: unpack it, and harvest the folder with its files"
    if _MITMPROXY.match(head):
        return "flows of mitmproxy cannot be read: write them as HAR (mitmdump -nr FILE --set hardump=out.har)"
    if _CHARLES_JSON.match(head) or (_CHARLES_NAME.fullmatch(name) and not head.lstrip().startswith(b"<")):
        return "a session of Charles cannot be read: export it in Charles as HTTP Archive (.har), and harvest that"
    return None
