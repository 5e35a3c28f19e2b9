"""Whether a model could answer, as far as its folder is to be seen from here: servers would go on with another one."""

from pathlib import Path

from campaigns.models import registry
from campaigns.models.refusals import ModelUnusable
from campaigns.models.stages import State
from database.models import registry as stored_models
from database.models.registry import RegisteredModel
from database.session import Snapshot
from scoring.folders.adapter_seal import check_adapters
from scoring.folders.manifest import check_whole
from scoring.folders.market_files import markets_without
from scoring.score import ModelRejected


def check_move(snapshot: Snapshot, model_id: str, state: State) -> None:
    """Before a model is asked anything. Raises ModelNotFound, ModelUnusable."""
    model = registry.get(snapshot, model_id)
    if state is not State.RETIRED:
        _check(model)


def lost_by_earlier(snapshot: Snapshot, model_id: str) -> list[str]:
    """Before the model that answered before this one does again: markets without an adapter. Raises ModelUnusable."""
    earlier = registry.earlier(snapshot, model_id)
    if earlier is None:
        return []
    _check(earlier)
    return markets_lost(snapshot, earlier.model_id)


def markets_lost(snapshot: Snapshot, model_id: str) -> list[str]:
    """Markets that would lose their adapters if this model answered, as far as is seen from here."""
    model, active = stored_models.get(snapshot, model_id), stored_models.active(snapshot)
    if model is None or active is None:
        return []
    return markets_without(Path(model.folder), Path(active.folder))


def _check(model: RegisteredModel) -> None:
    """Nothing is known of a folder that lies on other machines only, or that servers may read and we may not."""
    folder, name = Path(model.folder), registry.name(model.model_id)
    try:
        if folder.is_absolute() and folder.parent.is_dir():
            check_whole(folder, model.model_id, model.manifest)
            check_adapters(folder, model.model_id)
    except PermissionError:
        return
    except ModelRejected as problem:
        raise ModelUnusable(f"{name} cannot answer: {problem}", model=name) from problem
