"""A picture that is put together of tiles, while these come in."""

from __future__ import annotations

import base64
import html
import math
import struct
import time
import zlib
from typing import Any

EMPTY = 255
"""What a pixel is until its tile is there; the largest value of a tile is one less."""

SHOW_SECONDS = 0.1
"""A browser is sent the picture no more often than this."""

_DARK, _WARM, _LIGHT, _GREY = (18, 24, 64), (222, 110, 32), (255, 244, 214), (190, 190, 190)


class Canvas:
    """A picture with a colour for each value from 0 to 254; what has not come yet is grey.

    Attributes:
        width, height: in pixels.
        pixels: row by row, a byte each.
        tiles: how many have come.
    """

    def __init__(self, width: int, height: int, expected: int) -> None:
        """Make an empty one; nothing is shown yet.

        Args:
            width: in pixels.
            height: in pixels.
            expected: how many tiles it will have.
        """
        self.width, self.height = width, height
        self.pixels = bytearray([EMPTY]) * (width * height)
        self.tiles, self._expected = 0, expected
        self._handle: Any = None
        self._shown = 0.0

    def show(self) -> None:
        """Show it below the cell that runs; from now on it changes there."""
        from IPython.display import display

        self._handle = display(self, display_id=True)

    def paste(self, left: int, top: int, width: int, pixels: bytes) -> None:
        """Put a tile in.

        Args:
            left: where its first column is.
            top: where its first row is.
            width: of the tile, in pixels.
            pixels: row by row, a byte each, from 0 to 254.

        Raises:
            ValueError: if it does not fit into the picture.
        """
        rows, rest = divmod(len(pixels), width)
        if rest or left + width > self.width or top + rows > self.height:
            raise ValueError(
                f"A tile of {len(pixels)} bytes, {width} pixels wide, does not fit at "
                f"({left}, {top}) into a picture of {self.width} x {self.height}."
            )
        for row in range(rows):
            start = (top + row) * self.width + left
            self.pixels[start : start + width] = pixels[row * width : (row + 1) * width]
        self.tiles += 1
        self._tell()

    def _tell(self) -> None:
        """Show what there is by now, unless that was just done."""
        now = time.monotonic()
        is_whole = self.tiles >= self._expected
        if self._handle is not None and (is_whole or now > self._shown + SHOW_SECONDS):
            self._shown = now
            self._handle.update(self)

    def png(self) -> bytes:
        """Return it as a file."""
        return png(bytes(self.pixels), self.width, _palette())

    def __repr__(self) -> str:
        return (
            f"A picture of {self.width} x {self.height} pixels: "
            f"{self.tiles:,} of {self._expected:,} tiles are there."
        )

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png()).decode()
        told = html.escape(repr(self))
        picture = f'<img src="data:image/png;base64,{data}" alt="{told}" style="max-width: 100%">'
        return f"<figure>{picture}<figcaption>{told}</figcaption></figure>"


def png(pixels: bytes, width: int, palette: bytes) -> bytes:
    """Return a picture as a PNG file, which needs no library: three blocks, each with a checksum.

    Args:
        pixels: row by row, a byte each: a number in the palette.
        width: in pixels.
        palette: three bytes for each colour: red, green and blue.
    """

    def block(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height = len(pixels) // width
    header = struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)  # a byte is a colour of the palette
    rows = b"".join(b"\0" + pixels[n * width : (n + 1) * width] for n in range(height))
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(block(*part) for part in parts)


def _palette() -> bytes:
    """Return black for 0, then colours from dark over warm to light, and grey for `EMPTY`.

    They differ in brightness, too, and most among the small values, which most pixels have.
    """
    shares = [math.log(value) / math.log(EMPTY) for value in range(1, EMPTY)]
    colours = [
        _between(_DARK, _WARM, 2 * share) if share < 0.5 else _between(_WARM, _LIGHT, 2 * share - 1)
        for share in shares
    ]
    return b"".join(map(bytes, [(0, 0, 0), *colours, _GREY]))


def _between(one: tuple[int, ...], other: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
