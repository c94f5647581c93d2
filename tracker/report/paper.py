"""The page on paper: PDF by WeasyPrint, and PNG of the PDF's pages by PDFium; no browser."""

from __future__ import annotations

import io
import warnings
from typing import Any, NoReturn

from tracker.errors import StretchbandError, extra_missing

DOTS_PER_INCH = 144
_GAP = 24  # pixels between two pages of a picture
_GREY = "#d8d5cf"


def pdf(html: str) -> bytes:
    """The page as a PDF, A4. Raises StretchbandError where WeasyPrint or Pango is missing."""
    try:
        with warnings.catch_warnings():
            # It can do without HarfBuzz-Subset, and says that one day it will not.
            warnings.filterwarnings("ignore", "HarfBuzz-Subset", DeprecationWarning)
            from weasyprint import HTML
    except ImportError as missing:
        raise _missing("PDF", missing) from missing
    except OSError as missing:  # it loads Pango when it is imported
        raise StretchbandError(
            "a report as PDF or PNG needs Pango: apt install libpango-1.0-0 libpangoft2-1.0-0"
            " libharfbuzz-subset0"
        ) from missing
    document: bytes = HTML(string=html, url_fetcher=_nothing_from_outside).write_pdf()
    return document


def png(html: str) -> bytes:
    """The PDF's pages, one below the other, as a picture."""
    try:
        import pypdfium2
        from PIL import Image
    except ImportError as missing:
        raise _missing("PNG", missing) from missing
    document = pypdfium2.PdfDocument(pdf(html))
    pages = [page.render(scale=DOTS_PER_INCH / 72).to_pil() for page in document]
    document.close()
    height = sum(page.height + _GAP for page in pages) - _GAP
    picture = Image.new("RGB", (max(page.width for page in pages), height), _GREY)
    top = 0
    for page in pages:
        picture.paste(page, (0, top))
        top += page.height + _GAP
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _missing(what: str, missing: ImportError) -> StretchbandError:
    return extra_missing(f"a report as {what}", missing.name or "more libraries", "report")


def _nothing_from_outside(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"the report has everything in it, but asks for {url}")
