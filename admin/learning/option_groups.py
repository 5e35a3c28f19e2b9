"""Which options of a command go together: one that would be ignored is refused."""

from collections.abc import Collection

import typer

from admin.shell.output import fail

OF_TEXTS = ("encoder", "documents", "text", "label")
OF_EVENTS = ("members", "pretrain", "label_share", "tower", "pictures", "picture_encoder", "activate")
OF_HISTORIES = ("events", "items", "preset", "database_url", "as_of", "horizon", "market")


def given_of(context: typer.Context) -> list[str]:
    """Options that stand on the command line, by their parameters' names."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def refuse_ignored(given: Collection[str], *, texts: bool) -> None:
    """Of `tierwise train`: ends the command where an option would be ignored."""
    if not texts:
        _refuse(OF_TEXTS, given, "only with --backbone text")
        if "tower" not in given:
            _refuse(("method",), given, "only with --tower or --backbone text, whose encoder it changes")
        return
    _refuse(OF_EVENTS, given, "not with --backbone text, which teaches a classifier and not the network that answers")
    if "documents" in given:
        refuse_histories(given)
    else:
        refuse_columns(given)


def refuse_histories(given: Collection[str]) -> None:
    """Of a command that reads a file of texts: ends it where histories are meant, too."""
    _refuse(OF_HISTORIES, given, "not with --documents, which are read in the place of histories")


def refuse_columns(given: Collection[str]) -> None:
    """Of a command that reads histories: ends it where columns of texts are named."""
    _refuse(("text", "label"), given, "only with --documents")


def _refuse(names: Collection[str], given: Collection[str], why: str) -> None:
    if ignored := [f"--{name.replace('_', '-')}" for name in names if name in given]:
        fail(f"{', '.join(ignored)}: {why}")
