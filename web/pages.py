"""From a template's name and plain values to an answer in the reader's language."""

import hashlib
from functools import cache, partial
from pathlib import Path
from typing import Any

import segno
from babel.numbers import get_currency_precision
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from web import i18n
from web.board import board_svg
from web.current import current_svg, dye_svg, logo_svg
from web.garments import garment_svg
from web.heat import heat_svg

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"

# No inline script, no inline style, nothing from elsewhere: the templates keep to this.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_YEAR_SECONDS = 31_536_000


def render(
    request: Request, name: str, *, status_code: int = 200, language: str | None = None, **context: Any
) -> HTMLResponse:
    """Fill a template for this request.

    ``language`` overrules the reader's choice only where the page's owner must decide (a factory's sheet).

    Raises
    ------
    jinja2.UndefinedError
        When the template needs a value that was not given: a page is never half empty.
    """
    wished = language if language and "lang" not in request.query_params else None
    code = wished or i18n.choose(
        request.query_params,
        request.cookies,
        request.headers.get("accept-language", ""),
    )
    page = environment(code).get_template(name)
    answer = HTMLResponse(
        page.render(language_links=_language_links(request), **context), status_code=status_code
    )
    answer.headers["Content-Language"] = code
    answer.headers["Vary"] = "Accept-Language, Cookie"
    if request.query_params.get("lang") in i18n.LANGUAGES:
        answer.set_cookie(i18n.COOKIE, code, max_age=_YEAR_SECONDS, httponly=True, samesite="lax")
    return answer


@cache
def environment(code: str) -> Environment:
    """The templates in one language, with the filters and drawings they may use."""
    spoken = i18n.language(code)
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(spoken.words, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= {
        "money": spoken.money,
        "number": spoken.number,
        "day": spoken.day,
        "short_day": spoken.short_day,
        "days": spoken.days,
        "moment": spoken.moment,
        "qr": qr_svg,
    }
    env.globals |= {
        "lang": code,
        "html_lang": {"zh": "zh-Hans", "en": "en"}[code],
        "zone_name": spoken.zone,
        "static": static_url,
        "garment": garment_svg,
        "current": current_svg,
        "dye": dye_svg,
        "logo": logo_svg,
        "currency_digits": get_currency_precision,
        "board": partial(board_svg, say_week=spoken.short_day),
        "heat": partial(heat_svg, say_week=spoken.short_day),
    }
    return env


def qr_svg(link: str, label: str) -> Markup:
    """A QR code as inline SVG, black on white in both themes: scanners ask for the contrast."""
    code = segno.make(link, error="m", micro=False)
    return Markup(code.svg_inline(scale=5, border=3, light="#fff", title=label, omitsize=True, svgclass="qr"))  # noqa: S704 segno escapes the title; the rest is its own path


@cache
def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep it for a year."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def _language_links(request: Request) -> list[tuple[str, str]]:
    """Each language's code with this very page's address in it."""
    url = request.url
    return [
        (code, f"{url.path}?{url.include_query_params(lang=code).query}") for code in reversed(i18n.LANGUAGES)
    ]
