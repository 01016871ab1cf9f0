"""The parts of a page, parsed as a browser would."""

import json
from html.parser import HTMLParser
from typing import Any


class Page(HTMLParser):
    """Elements with their attributes in `elements`, texts outside scripts and styles in `text`, and scripts by their id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str | None, list[str]] = {}
        self.text = ""
        self._inside: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = None if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.setdefault(self.elements[-1][1].get("id"), []).append(data)
        elif self._inside is None:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements with this tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    def data(self, name: str) -> Any:
        """Return the values of a data script."""
        return json.loads("".join(self.scripts[name]))
