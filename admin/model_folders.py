"""Whether a model could answer, as far as its folder is to be seen from here: servers would go on with another one."""

from pathlib import Path

from campaigns.models import registry
from campaigns.models.refusals import ModelUnusable
from campaigns.models.stages import State
from database.models.registry import RegisteredModel
from database.session import Snapshot
from scoring.manifest import check_whole
from scoring.score import ModelRejected


def check_move(snapshot: Snapshot, model_id: str, state: State) -> None:
    """Before a model is asked anything. Raises ModelNotFound, ModelUnusable."""
    model = registry.get(snapshot, model_id)
    if state is not State.RETIRED:
        _check(model)


def check_earlier(snapshot: Snapshot, model_id: str) -> None:
    """Before the model that answered before this one does again. Raises ModelUnusable."""
    earlier = registry.earlier(snapshot, model_id)
    if earlier is not None:
        _check(earlier)


def _check(model: RegisteredModel) -> None:
    """Nothing is known of a folder that lies on other machines only, or that servers may read and we may not."""
    folder, name = Path(model.folder), registry.name(model.model_id)
    try:
        if folder.is_absolute() and folder.parent.is_dir():
            check_whole(folder, model.model_id, model.manifest)
    except PermissionError:
        return
    except ModelRejected as problem:
        raise ModelUnusable(f"{name} cannot answer: {problem}", model=name) from problem
