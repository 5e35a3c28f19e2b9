"""A form as a browser would send it back untouched."""

from collections import defaultdict
from html.parser import HTMLParser


class FormReader(HTMLParser):
    """Reads the fields of a page: inputs, selects and text areas."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: dict[str, list[str]] = defaultdict(list)
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        name, value = given.get("name") or "", given.get("value") or ""
        match tag:
            case "input" if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self.fields[name].append(value)
            case "input":
                self.fields[name].append(value.replace("\r", "").replace("\n", ""))
            case "select":
                self._select, self._options = name, []
            case "option" if self._select is not None:
                self._options.append((value, "selected" in given))
            case "textarea":
                self._area, self._text = name, ""
            case _:
                pass

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None and self._options:
            chosen = [value for value, selected in self._options if selected]
            self.fields[self._select].append((chosen or [self._options[0][0]])[-1])
            self._select = None
        if tag == "textarea" and self._area is not None:
            text = self._text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self.fields[self._area].append(text.replace("\n", "\r\n"))
            self._area = None


def sent(page: str) -> dict[str, list[str]]:
    """The fields that the page's form would send."""
    reader = FormReader()
    reader.feed(page)
    return dict(reader.fields)
