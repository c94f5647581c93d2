"""How large a word is on a tablet, and from three metres away."""

from __future__ import annotations

import math

from playwright.async_api import Page

from tests.web.page import TABLET

MM_A_PIXEL = 10 * 25.4 / math.hypot(TABLET["width"], TABLET["height"])  # a 10-inch tablet
FROM_MM = 3000.0

# How high the ink of the text is that an element shows, in pixels, without what hangs below.
INK = """element => {
  const style = getComputedStyle(element), pen = document.createElement("canvas").getContext("2d");
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  return pen.measureText(element.textContent).actualBoundingBoxAscent;
}"""


async def letters(page: Page, name: str) -> tuple[float, float]:
    """Millimetres and minutes of arc of the element with this id."""
    await page.evaluate("document.fonts.ready")
    high_mm = await page.locator(f"#{name}").evaluate(INK) * MM_A_PIXEL
    return high_mm, math.degrees(math.atan(high_mm / FROM_MM)) * 60
