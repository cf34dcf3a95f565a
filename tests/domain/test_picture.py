"""Pictures are recognised by their bytes and keep nothing of who took them."""

import zlib
from struct import pack

import pytest

from api.domain.errors import InvalidRequest
from api.domain.picture import LARGEST_BYTES, picture

SECRET = b"GPS 29.868N 121.544E"


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + pack(">H", 2 + len(content)) + content


def jpeg(*, turned: int | None = None, order: str = ">", behind: bytes = b"") -> bytes:
    """Sixteen by eight pixels, with a scan that has a stuffed 255 and a restart in it."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    directory = pack(f"{order}IHHHIHH", 8, 1, 0x0112, 3, 1, turned or 1, 0)
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
            segment(0xE1, b"Exif\0\0" + mark + directory + SECRET),
            segment(0xED, b"Photoshop " + SECRET),
            segment(0xFE, SECRET),
            segment(0xC0, pack(">BHHB", 8, 8, 16, 1) + b"\1\x11\0"),
            segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56",
            b"\xff\xd9",
            behind,
        ]
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))


def png() -> bytes:
    header = chunk(b"IHDR", pack(">IIBBBBB", 16, 8, 8, 2, 0, 0, 0))
    said = chunk(b"tEXt", b"Author\0" + SECRET) + chunk(b"eXIf", SECRET)
    return b"\x89PNG\r\n\x1a\n" + header + said + chunk(b"IDAT", b"\0") + chunk(b"IEND", b"")


def webp() -> bytes:
    extended = pack("<BBH", 0b1100, 0, 0) + (15).to_bytes(3, "little") + (7).to_bytes(3, "little")
    parts = [(b"VP8X", extended), (b"VP8L", b"\x2f1234"), (b"EXIF", SECRET), (b"XMP ", SECRET)]
    body = b"".join(kind + pack("<I", len(c)) + c + b"\0" * (len(c) % 2) for kind, c in parts)
    return b"RIFF" + pack("<I", 4 + len(body)) + b"WEBP" + body


@pytest.mark.parametrize(
    ("data", "media_type"), [(jpeg(), "image/jpeg"), (png(), "image/png"), (webp(), "image/webp")]
)
def test_a_picture_keeps_its_size_and_loses_what_it_says_of_its_sender(data: bytes, media_type: str) -> None:
    found = picture("photo", data)
    assert (found.media_type, found.width, found.height) == (media_type, 16, 8)
    assert SECRET not in found.data
    assert picture("photo", found.data) == found


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_photograph_keeps_the_way_it_is_turned_and_nothing_else(order: str) -> None:
    found = picture("photo", jpeg(turned=6, order=order))
    assert found.data.count(b"Exif\0\0") == 1
    assert pack(">HHIH", 0x0112, 3, 1, 6) in found.data
    assert SECRET not in found.data


def test_what_a_phone_appends_behind_the_image_is_left() -> None:
    assert picture("photo", jpeg(behind=b"ftypmp4" + SECRET)).data == picture("photo", jpeg()).data


def test_a_webp_says_no_more_that_it_holds_what_was_taken_out() -> None:
    found = picture("photo", webp()).data
    assert found[found.index(b"VP8X") + 8] == 0
    assert pack("<I", len(found) - 8) == found[4:8]


@pytest.mark.parametrize("whole", [jpeg(), png(), webp()])
def test_a_picture_that_ends_early_is_refused(whole: bytes) -> None:
    for end in range(12, len(whole) - 1):
        with pytest.raises(InvalidRequest, match="photo"):
            picture("photo", whole[:end])


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"<svg onload='alert(1)'/>", b"%PDF-1.7", b"\xff\xd8", b"RIFF\0\0\0\0WAVE"]
)
def test_anything_else_is_refused_whatever_it_is_called(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="photo"):
        picture("photo", data)


def test_a_picture_may_be_neither_too_heavy_nor_too_large() -> None:
    with pytest.raises(InvalidRequest, match="larger than 12 MB"):
        picture("photo", jpeg() + bytes(LARGEST_BYTES))
    wide = png().replace(
        chunk(b"IHDR", pack(">IIBBBBB", 16, 8, 8, 2, 0, 0, 0)),
        chunk(b"IHDR", pack(">IIBBBBB", 20_000, 8, 8, 2, 0, 0, 0)),
    )
    with pytest.raises(InvalidRequest, match="20000 by 8"):
        picture("photo", wide)
