"""Photographs as people send them: recognised by their bytes, and freed of what they say about the sender.

A phone writes place, time and device into a picture. The picture is kept, the rest is not: chunks are
copied or dropped, nothing is decoded. Of a JPEG's EXIF only the orientation stays, without which a
photograph lies on its side.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import error as struct_error
from struct import pack, unpack_from
from typing import Any

from api.domain.errors import invalid

LARGEST_BYTES = 12 * 1024 * 1024
LONGEST_SIDE = 12_000

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"IDAT", b"IEND"}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}  # codespell:ignore
_WEBP_EXIF_OR_XMP = 0b1100
_MARK = 0xFF
_ALONE = (0x01, *range(0xD0, 0xD8))  # JPEG markers without a length
_SIZES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_START_OF_SCAN, _END = 0xDA, 0xD9
_EXIF = 0xE1
_COMMENT = 0xFE
# Of the application's segments stay JFIF, the colour profile and Adobe's colour transform.
_JPEG_DROPPED = {*range(0xE0, 0xF0), _COMMENT} - {0xE0, 0xE2, 0xEE}
_TURNED = 0x0112  # EXIF's tag of the orientation
_TURNS = range(2, 9)


class _Broken(ValueError):
    """The bytes end early or contradict themselves."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph without a word about who took it, where and when; sides in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def picture(field: str, data: bytes) -> Picture:
    """The JPEG, PNG or WebP in the bytes, whatever its name said; raises InvalidRequest for anything else."""
    if len(data) > LARGEST_BYTES:
        raise invalid(field, len(data), f"is larger than {LARGEST_BYTES // 1024**2} MB")
    try:
        found = _read(data)
    except (_Broken, IndexError) as error:
        raise invalid(field, len(data), "is a damaged picture") from error
    if found is None:
        raise invalid(field, len(data), "is neither a JPEG nor a PNG nor a WebP picture")
    if not (0 < found.width <= LONGEST_SIDE and 0 < found.height <= LONGEST_SIDE):
        raise invalid(field, len(data), f"is {found.width} by {found.height}: at most {LONGEST_SIDE} a side")
    return found


def _read(data: bytes) -> Picture | None:
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_PNG):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _jpeg(data: bytes) -> Picture:
    """Segments up to the end of the image; what some phones append behind it (a video) is left."""
    kept, size, turned = [b"\xff\xd8"], (0, 0), 1
    for marker, segment in _jpeg_segments(data):
        if marker == _EXIF and segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[10:])
        elif marker in _SIZES:
            height, width = _numbers(">HH", segment, 5)
            size = width, height
        if marker not in _JPEG_DROPPED:
            kept.append(segment)
    if turned in _TURNS:
        kept.insert(1, _exif_of(turned))
    return Picture(b"".join(kept), "image/jpeg", *size)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment; a scan has its compressed image behind it."""
    at = 2
    while True:
        while data[at] == data[at + 1] == _MARK:  # fill bytes
            at += 1
        if data[at] != _MARK:
            raise _Broken("no marker where one must be")
        marker, end = data[at + 1], at + 2
        if marker not in (*_ALONE, _END):
            end += int(_numbers(">H", data, at + 2)[0])
        if marker == _START_OF_SCAN:
            end = _end_of_scan(data, end)
        if end > len(data):
            raise _Broken("a segment is longer than the file")
        yield marker, data[at:end]
        if marker == _END:
            return
        at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """The next marker that is not part of compressed data: there a 255 is followed by 0 or a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise _Broken("the image has no end")
        following = data[at + 1]
        if following != 0 and following not in _ALONE:
            return at
        at += 2


def _orientation(tiff: bytes) -> int:
    """The tag of the first directory, 1 (upright) to 8; 1 where there is none or it cannot be read."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = _numbers(f"{order}I", tiff, 4)
        (entries,) = _numbers(f"{order}H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * entries, 12):
            tag, _, _, value = _numbers(f"{order}HHIH", tiff, entry)
            if tag == _TURNED:
                return value if value in _TURNS else 1
    except _Broken:
        return 1
    return 1


def _exif_of(orientation: int) -> bytes:
    """A segment that says nothing but how the picture is turned."""
    entry = pack(">HHIHH", _TURNED, 3, 1, orientation, 0)
    tiff = b"MM\0*" + pack(">IH", 8, 1) + entry + pack(">I", 0)
    content = b"Exif\0\0" + tiff
    return b"\xff\xe1" + pack(">H", 2 + len(content)) + content


def _png(data: bytes) -> Picture:
    kept, at, size = [_PNG], len(_PNG), (0, 0)
    while True:
        (length,) = _numbers(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data) or zlib.crc32(data[at + 4 : end - 4]) != _numbers(">I", data, end - 4)[0]:
            raise _Broken("a chunk does not fit its sum")
        if kind == b"IHDR":
            size = _numbers(">II", data, at + 8)
        if kind in _PNG_KEPT:
            kept.append(data[at:end])
        if kind == b"IEND":
            return Picture(b"".join(kept), "image/png", *size)
        at = end


def _webp(data: bytes) -> Picture:
    kept, at, size = b"", 12, (0, 0)
    end_of_all = 8 + _numbers("<I", data, 4)[0]
    if end_of_all > len(data):
        raise _Broken("it is longer than the file")
    while at + 8 <= end_of_all:
        (length,) = _numbers("<I", data, at + 4)
        kind, end = data[at : at + 4], at + 8 + length + length % 2
        chunk = bytearray(data[at:end])
        if end > end_of_all:
            raise _Broken("a chunk is longer than the file")
        if size == (0, 0) and kind in (b"VP8X", b"VP8 ", b"VP8L"):
            size = _webp_size(kind, chunk)
        if kind == b"VP8X":
            chunk[8] &= ~_WEBP_EXIF_OR_XMP
        if kind in _WEBP_KEPT:
            kept += chunk
        at = end
    return Picture(b"RIFF" + pack("<I", 4 + len(kept)) + b"WEBP" + kept, "image/webp", *size)


def _webp_size(kind: bytes, chunk: bytes | bytearray) -> tuple[int, int]:
    if kind == b"VP8X":
        return 1 + int.from_bytes(chunk[12:15], "little"), 1 + int.from_bytes(chunk[15:18], "little")
    if kind == b"VP8L":
        (bits,) = _numbers("<I", chunk, 9)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = _numbers("<HH", chunk, 14)
    return width & 0x3FFF, height & 0x3FFF


def _numbers(form: str, data: bytes | bytearray, at: int) -> tuple[Any, ...]:
    try:
        return unpack_from(form, data, at)
    except struct_error as error:
        raise _Broken("the file ends early") from error
