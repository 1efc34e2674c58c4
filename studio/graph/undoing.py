"""Check what sagas say that their steps leave: the collections and ledgers that effects name, and the key in them.

A saga's cell may come before that of the service whose collection it names. What is there by then is checked when the
saga is declared; all of it is, once more, when the system is built to be run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from studio.errors import UnknownTarget, Where, nearest
from studio.graph.definition import Definition, shown_place
from studio.model.effect import Effect
from studio.model.saga import Saga
from studio.model.service import Service
from studio.model.third_party import External

__all__ = ["check_effects"]


def check_effects(definitions: Iterable[Definition], *, of: str = "") -> None:
    """Refuse effects that name what does not exist.

    Args:
        definitions: Of the system.
        of: Definition whose sagas are checked, as far as what they name is declared by now; by default all sagas are,
            and whatever is not declared does not exist.

    Raises:
        UnknownTarget: With the nearest names.
    """
    current = [each for each in definitions if not each.stale]
    places = dict(_places(current))
    owners = {target.partition(".")[0] for target in places}
    for definition in current:
        for saga in definition.declarations.of(Saga) if of in ("", definition.name) else ():
            for step in saga.steps:
                where = step.where and shown_place(definition.source, step.where)
                for effect in step.effects:
                    if not of or effect.target.partition(".")[0] in owners:
                        _check(f"effect of {saga.name}.{step.name}", effect, places, where)


def _check(what: str, effect: Effect, places: Mapping[str, Any], where: Where | None) -> None:
    if effect.target not in places:
        raise UnknownTarget(where=where, what=what, target=effect.target, known=nearest(effect.target, places))
    fields: Collection[str] = getattr(places[effect.target], "model_fields", ())
    if effect.key and fields and effect.key not in fields:
        known = nearest(effect.key, fields)
        raise UnknownTarget(where=where, what=f"{what} in {effect.target}, key", target=effect.key, known=known)


def _places(definitions: Iterable[Definition]) -> Iterator[tuple[str, Any]]:
    """Yield each collection and ledger with its contract."""
    for definition in definitions:
        owners: list[Service | External] = [*definition.declarations.of(Service), *definition.declarations.of(External)]
        for owner in owners:
            for name, collection in owner.collections.items():
                yield f"{owner.name}.{name}", collection.contract
        for external in definition.declarations.of(External):
            for name, ledger in external.ledgers.items():
                yield f"{external.name}.{name}", ledger.contract
