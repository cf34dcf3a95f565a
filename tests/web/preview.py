"""Write every sample page as a file, to be looked at: ``python -m tests.web.preview FOLDER [en|zh]``."""

import shutil
import sys
from pathlib import Path

from starlette.requests import Request

from tests.web.samples import SAMPLES
from web import pages


def request(path: str = "/", query: str = "", headers: dict[str, str] | None = None) -> Request:
    """A GET request as the server would hand it over."""
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "https",
            "server": ("counterflow.example", 443),
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        }
    )


def main(folder: Path, language: str) -> None:
    """Fill the folder; serve it with ``python -m http.server`` so that ``/static`` is found."""
    shutil.copytree(pages.STATIC, folder / "static", dirs_exist_ok=True)
    for name, (template, context) in SAMPLES.items():
        answer = pages.render(request(query=f"lang={language}"), template, **context)
        (folder / f"{name}.html").write_bytes(bytes(answer.body))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "en")
