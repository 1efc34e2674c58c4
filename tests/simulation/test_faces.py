"""Front ends register what they can show; without one, worlds and runs say what to do."""

from __future__ import annotations

import pytest

from studio.errors import NoFrontEnd
from studio.simulation import faces
from studio.simulation.faces import Face, register_face, show


@pytest.fixture(autouse=True)
def _nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "_MAKERS", {})


@pytest.mark.parametrize("face", ["controls", "dashboard", "explorer"])
def test_without_a_front_end_it_is_said_what_to_do(face: Face) -> None:
    with pytest.raises(NoFrontEnd, match="load_ext studio") as caught:
        show(face, object())
    assert caught.value.code == "STU906"
    assert face in str(caught.value)


def test_a_front_end_that_registered_is_asked_with_the_subject_and_its_options() -> None:
    register_face("dashboard", lambda subject, **options: (subject, options))
    assert show("dashboard", "a world", port=7) == ("a world", {"port": 7})


def test_the_latest_front_end_is_asked() -> None:
    register_face("explorer", lambda _: "first")
    register_face("explorer", lambda _: "second")
    assert show("explorer", "a run") == "second"
