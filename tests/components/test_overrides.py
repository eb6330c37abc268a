"""Single values replaced, strictly; what `--set` makes of text is tested with the task's configuration."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from components.errors import UsageError
from components.overrides import kind_at, replaced, replaced_by_text


@dataclass(frozen=True)
class Wheel:
    size: float = 26.0
    tubeless: bool = False


@dataclass(frozen=True)
class Bike:
    gears: int = 3
    front: Wheel = Wheel()
    rear: Wheel | float = 28.0
    params: dict[str, Any] = field(default_factory=lambda: {"bell": None, "lamps": [1, 2], "weight": 9})
    wheels: dict[str, Wheel] = field(default_factory=dict)
    space: dict[str, list[int]] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("gears", 7, Bike(gears=7)),
        ("front.size", 27, Bike(front=Wheel(27.0))),
        ("rear", {"size": 20}, Bike(rear=Wheel(20.0))),
        ("params.lamps", [3], Bike(params={"bell": None, "lamps": [3], "weight": 9})),
        ("params.bell", "loud", Bike(params={"bell": "loud", "lamps": [1, 2], "weight": 9})),
        ("wheels.spare.size", 20, Bike(wheels={"spare": Wheel(20.0)})),
        ("space.front.size", [1, 2], Bike(space={"front.size": [1, 2]})),
    ],
)
def test_a_value_is_replaced(key, value, expected):
    assert replaced(Bike(), key, value) == expected


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("gear", 7, "Did you mean 'gears'?"),
        ("gears", 7.5, "`gears` must be a valid integer"),
        ("front.sise", 7, "Received: front.sise. Did you mean 'size'?"),
        ("rear.size", 20, "Nothing is below `size`."),
        ("params.lamp", [1], "Did you mean 'lamps'?"),
        ("params.weight", "light", "`params.weight` must be a valid integer"),
    ],
)
def test_what_does_not_fit_is_refused(key, value, message):
    with pytest.raises(UsageError) as caught:
        replaced(Bike(), key, value)
    assert message in str(caught.value)


def test_text_can_replace_a_group_by_what_else_its_place_takes():
    wheeled = Bike(rear=Wheel())
    assert replaced_by_text(wheeled, "rear=20").rear == 20.0
    assert replaced_by_text(wheeled, "rear.tubeless=yes").rear == Wheel(tubeless=True)
    with pytest.raises(UsageError, match="sets one value, not a group"):
        replaced_by_text(wheeled, "front=20")


def test_the_type_at_a_place():
    assert kind_at(Bike(), "front.size") is float
    assert kind_at(Bike(), "params.weight") is int
    assert kind_at(Bike(), "params.lamps") == list[int]
