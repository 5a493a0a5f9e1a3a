"""The picture of tiles: what it holds, what it says, and the file that it makes."""

import struct
import zlib

import pytest

from hello_helpers.display.canvas import EMPTY, Canvas, png


def blocks(data: bytes) -> dict[bytes, bytes]:
    """Take a PNG file apart; each checksum must be right."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    found, place = {}, 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length) == (zlib.crc32(kind + content),)
        found[kind], place = content, place + 12 + length
    return found


def test_a_tile_is_where_it_was_put_and_all_else_is_empty() -> None:
    canvas = Canvas(4, 3, expected=2)
    canvas.paste(1, 1, 2, bytes([5, 6, 7, 8]))
    rows = [list(canvas.pixels[n : n + 4]) for n in (0, 4, 8)]
    assert rows == [[EMPTY] * 4, [EMPTY, 5, 6, EMPTY], [EMPTY, 7, 8, EMPTY]]
    assert repr(canvas) == "A picture of 4 x 3 pixels: 1 of 2 tiles are there."


@pytest.mark.parametrize(
    ("left", "top", "width", "count"), [(3, 0, 2, 2), (0, 2, 2, 4), (0, 0, 2, 3)]
)
def test_a_tile_that_does_not_fit_is_refused_and_changes_nothing(
    left: int, top: int, width: int, count: int
) -> None:
    canvas = Canvas(4, 3, expected=1)
    with pytest.raises(ValueError, match=r"does not fit at \(\d, \d\) into a picture of 4 x 3\."):
        canvas.paste(left, top, width, bytes(count))
    assert (set(canvas.pixels), canvas.tiles) == ({EMPTY}, 0)


def test_its_file_holds_every_pixel_and_a_colour_for_each_value() -> None:
    pixels = bytes(range(12))
    found = blocks(png(pixels, 4, bytes(768)))
    assert struct.unpack(">2I5B", found[b"IHDR"]) == (4, 3, 8, 3, 0, 0, 0)
    rows = zlib.decompress(found[b"IDAT"])
    assert [rows[n] for n in (0, 5, 10)] == [0, 0, 0]  # no filter
    assert rows[1:5] + rows[6:10] + rows[11:15] == pixels
    palette = blocks(Canvas(4, 3, expected=1).png())[b"PLTE"]
    *bright, _grey = (sum(palette[n : n + 3]) for n in range(0, 768, 3))
    assert bright == sorted(bright)
    assert len(set(bright)) > 100


def test_a_page_shows_it_with_a_text_that_says_the_same() -> None:
    page = Canvas(4, 3, expected=2)._repr_html_()
    assert 'alt="A picture of 4 x 3 pixels: 0 of 2 tiles are there."' in page
    assert 'src="data:image/png;base64,' in page
