"""A sheet of small pictures with text below each."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import installing
from sweepgd.report.charts.style import Chart, Missing

# The width of a picture, the width of its cell without text and with text, and the height of two lines of text, in pixels.
SIDE, CELL, WIDE, LINES = 64, 84, 104, 40


class Picture(NamedTuple):
    """Pixels (height, width, channels) from 0, black, to 1, and a text of at most two lines below them."""

    pixels: npt.NDArray[np.floating]
    text: str = ""


def sheet(pictures: Sequence[Picture], columns: int, title: str = "") -> Chart:
    """Return the pictures in rows of `columns`. Raises Missing if Pillow is not installed."""
    rows = [
        {"column": number % columns, "row": number // columns, "url": _url(picture.pixels), "text": picture.text}
        for number, picture in enumerate(pictures)
    ]
    has_texts = any(picture.text for picture in pictures)
    width, height, up = (WIDE, SIDE + LINES, -LINES / 2 + 6) if has_texts else (CELL, CELL, 0)
    x, y = alt.X("column:O", axis=None), alt.Y("row:O", axis=None)
    across, down = min(columns, len(rows)), -(-len(rows) // columns)
    marks = alt.Chart(alt.InlineData(rows), width=width * across, height=height * down)
    images = marks.mark_image(width=SIDE, height=SIDE, yOffset=up).encode(x=x, y=y, url="url:N")
    lines = marks.mark_text(dy=SIDE / 2 + 2, yOffset=up, baseline="top", fontSize=10, limit=width, lineBreak="\n")
    texts = lines.encode(x=x, y=y, text="text:N")
    return alt.layer(images, texts).properties(title=alt.Title(title, anchor="start", fontSize=12))


def _url(pixels: npt.NDArray[np.floating]) -> str:
    """Return a picture as the address of a PNG file within the address itself."""
    try:
        from PIL import Image
    except ImportError as error:
        raise Missing(f"pictures need the package pillow: {installing('images')}") from error
    height, width, channels = pixels.shape
    shown = pixels if channels in (1, 3) else pixels.mean(axis=2, keepdims=True)
    # Enlarged without smoothing, so that pixels of small images can be seen.
    times = max(1, SIDE // max(height, width))
    values: npt.NDArray[Any] = np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8).repeat(times, 0).repeat(times, 1)
    content = BytesIO()
    Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values).save(content, "PNG")
    return "data:image/png;base64," + b64encode(content.getvalue()).decode()
