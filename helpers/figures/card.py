"""The light card that every picture of matplotlib stands on, on any page."""

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageOps

CARD_EDGE = "#d0d0d0"
CARD_CORNER, CARD_PADDING = 8, 12  # pixels
CARD_STYLE = (  # the same for pictures inside of HTML
    f"box-sizing:border-box;max-width:100%;background:white;padding:{CARD_PADDING}px;"
    f"border:1px solid {CARD_EDGE};border-radius:{CARD_CORNER}px"
)
_FINE = 4  # the card's corners are drawn this much larger
LEVELS = 8  # of transparency in them


def on_card(image: Image.Image, color: str) -> tuple[Image.Image, Image.Image]:
    """Add padding in this color, and a border with round corners.

    Returns the picture in RGB, and its alpha channel beside it.
    """
    card = ImageOps.expand(image, CARD_PADDING, color)
    width, height = (_FINE * n - 1 for n in card.size)
    sheet, ring = (Image.new("L", (width + 1, height + 1)) for _ in range(2))
    box, corner = (0, 0, width, height), _FINE * CARD_CORNER
    ImageDraw.Draw(sheet).rounded_rectangle(box, corner, fill=255)
    ImageDraw.Draw(ring).rounded_rectangle(box, corner, outline=255, width=_FINE)
    # Beyond the corners, too, it has the border's color: there it is seen through.
    ring = ImageChops.lighter(ring, ImageChops.invert(sheet))
    alpha, edge = sheet.reduce(_FINE), ring.reduce(_FINE)
    return Image.composite(Image.new("RGB", card.size, CARD_EDGE), card, edge), alpha


def transparent(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Give a picture with a palette some more colors: the border's, seen through."""
    shades = np.array(image.getpalette("RGB")).reshape(-1, 3)
    levels = np.linspace(0, 255, LEVELS).round().astype(int)
    edge = np.tile(ImageColor.getrgb(CARD_EDGE), (LEVELS, 1))
    cells, seen = np.array(image), np.array(alpha)
    corners = seen < 255
    cells[corners] = len(shades) + np.abs(seen[corners, None] - levels).argmin(1)
    whole = Image.fromarray(cells, "P")
    whole.putpalette(np.vstack([shades, edge]).astype(np.uint8).tobytes())
    opaque = np.full(len(shades), 255)
    whole.info["transparency"] = bytes(np.append(opaque, levels).tolist())
    return whole
