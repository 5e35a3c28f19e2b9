"""Documents lead somewhere and leave nothing out: links, the index of decisions, the rooms of the house."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *DECISIONS.glob("*.md")]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ROOMS = re.compile(r"^#### `(\w+)/`\n.*?^\|[-|]+\|\n(.*?)\n\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[((?:[^\[\]]|`[^`]*`)*)\]\(([^)\s]+)\)")


def test_every_link_of_the_documents_leads_to_a_file_and_a_heading() -> None:
    assert {f"{page.name}: {link}" for page in PAGES for link in links(page) if not leads(page, link)} == set()


def test_the_index_of_decisions_has_each_of_them_once_by_its_title() -> None:
    indexed = LINK.findall(" ".join((DECISIONS / "README.md").read_text().split()))

    records = {record.name: title(record) for record in DECISIONS.glob("[0-9]*.md")}
    assert sorted((name, said) for said, name in indexed) == sorted(records.items())


def test_the_architecture_names_the_rooms_that_there_are() -> None:
    told = ROOMS.findall((ROOT / "ARCHITECTURE.md").read_text())

    for folder, table in told:
        rooms = {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")}
        assert set(re.findall(r"`(\w+)/`", table)) == rooms, folder
    assert len(told) == 8


def links(page: Path) -> list[str]:
    return [link for _, link in LINK.findall(FENCED.sub("", page.read_text())) if "://" not in link]


def leads(page: Path, link: str) -> bool:
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not heading or heading in headings(target))


def headings(page: Path) -> set[str]:
    """As GitHub names them in addresses."""
    found = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def title(record: Path) -> str:
    return record.read_text().partition("\n")[0].removeprefix("# ")
