"""A page as who does not see it meets it: its headings, names and references, and what is wrong with them."""

from collections import Counter
from html.parser import HTMLParser

REFERENCES = ("aria-describedby", "aria-labelledby", "for", "popovertarget", "form")
FIELDS = ("input", "select", "textarea")
VOID = ("input", "meta", "link", "br", "path", "line", "rect", "img", "option")


class PageReader(HTMLParser):
    """Reads a page; `faults` are what one who listens to it would stumble over."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.title, self.language = "", ""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._said: list[str] = []
        self._ids: list[str] = []
        self._levels: list[int] = []
        self._unnamed: list[tuple[str, str]] = []
        self._pointed: list[str] = []
        self._labels: set[str] = set()
        self._faults: list[str] = []
        self._tables: list[dict[str, int]] = []
        self._landmarks: Counter[str] = Counter()
        self.feed(page)

    @property
    def faults(self) -> list[str]:
        """Of this page alone."""
        known = set(self._ids)
        return [
            *self._faults,
            *(f"id {each} twice" for each, count in Counter(self._ids).items() if count > 1),
            *(f"nothing is called {each}" for each in self._pointed if each not in known),
            *(f"{tag} {name} has no label" for tag, name in self._unnamed if name not in self._labels),
            *([] if self._levels[:1] == [1] and self._levels.count(1) == 1 else [f"headings {self._levels}"]),
            *(f"h{up} to h{down}" for up, down in zip(self._levels, self._levels[1:], strict=False) if down > up + 1),
            *([] if self._landmarks["main"] == 1 else ["not one main"]),
        ]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._note(tag, given)
        self._landmarks[tag] += 1
        if tag == "html":
            self.language = given.get("lang", "")
        if tag in ("h1", "h2", "h3", "h4"):
            self._levels.append(int(tag[1]))
        if tag in FIELDS and given.get("type") != "hidden" and "aria-label" not in given and not self._inside("label"):
            self._unnamed.append((tag, given.get("id", given.get("name", ""))))
        if tag == "table":
            self._tables.append({"caption": 0, "th": 0})
        elif tag in ("caption", "th") and self._tables:
            self._tables[-1][tag] += 1
            if tag == "th" and "scope" not in given:
                self._faults.append("a heading of a table without a scope")
        if tag not in VOID:
            self._open.append((tag, given))
            self._said.append(given.get("aria-label", ""))

    def _note(self, tag: str, given: dict[str, str]) -> None:
        if "id" in given:
            self._ids.append(given["id"])
        if tag == "label" and "for" in given:
            self._labels.add(given["for"])
        for name in REFERENCES:
            self._pointed += given.get(name, "").split()
        if tag == "a" and given.get("href", "").startswith("#"):
            self._pointed.append(given["href"][1:])
        if given.get("role") == "img" and not given.get("aria-label"):
            self._faults.append("a picture without words")

    def _inside(self, tag: str) -> bool:
        return any(each == tag for each, _ in self._open)

    def handle_data(self, data: str) -> None:
        if self._inside("title"):
            self.title += data
        self._said = [said + data for said in self._said]

    def handle_endtag(self, tag: str) -> None:
        if tag not in (each for each, _ in self._open):
            return
        while True:
            closed, given = self._open.pop()
            said = self._said.pop().strip()
            if closed in ("a", "button", "summary", "h1", "h2", "h3", "th", "caption", "label", "legend") and not said:
                self._faults.append(f"{closed} says nothing: {given}")
            if closed == tag:
                break
        if tag == "table":
            table = self._tables.pop()
            self._faults += [f"a table without {name}" for name, count in table.items() if not count]
