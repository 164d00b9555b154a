"""Makes links of pages that lead out of docs/ plain text in the site, and refuses pages that load anything.

On GitHub a page may link to a file of the repository, such as the board. The site has docs/ alone and must hold no
dead link. MkDocs loads this module as a hook.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?://)([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page without links that lead out of docs/."""
    folder = (DOCS / page.file.src_uri).parent

    def inside(match: re.Match[str]) -> str:
        target = (folder / match[2]).resolve()
        return match[0] if target.is_relative_to(DOCS) else match[1]

    return LINK.sub(inside, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """The page as it is; raises PluginError where it would load a script, a style or an image from elsewhere."""
    loaded = re.findall(
        r"<(?:script|img|iframe|link rel=\"stylesheet\")[^>]*(?:src|href)=\"(https?://[^\"]+)", output
    )
    if loaded:
        raise PluginError(
            f"{page.file.src_uri} loads {', '.join(loaded)}; the site must work in closed networks"
        )
    return output
