"""How a command is told which campaign it is about."""

from typing import Annotated

import typer

CampaignIdArgument = Annotated[str, typer.Argument(help="Its id, such as spring-2026.")]
