import base64
import hashlib

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from pipeline.report.environment import environment, policy, render, visible


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\u05d0 ü 漢 👩‍🚀", "\u05d0 ü 漢 👩‍🚀"),
        ("a\u202eb\u2066", "a⟨U+202E⟩b⟨U+2066⟩"),
        ("\x00\x1b\r\x9b", "⟨U+0000⟩⟨U+001B⟩⟨U+000D⟩⟨U+009B⟩"),
        ("\ud800", "⟨U+D800⟩"),
    ],
    ids=["lines", "scripts", "turning", "control", "half"],
)
def test_nothing_is_unseen(given, shown):
    assert visible(given) == shown
    assert render("base.html", title=given).encode()


def test_markup_of_our_own_and_numbers_stay():
    assert [visible(value) for value in (Markup("<b>\x07"), 3, None)] == [Markup("<b>\x07"), 3, None]


def test_the_policy_knows_the_script_by_its_digest():
    digest = base64.b64encode(hashlib.sha256(b"run()").digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy("", "run()")
    assert policy("", "").endswith("form-action 'none'")
    assert policy("", "", own_forms=True).endswith("form-action 'self'")


def test_what_a_template_misses_is_an_error():
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nobody }}").render()
