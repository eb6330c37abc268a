import pytest

from components.errors import UsageError
from components.model_description import FILE, InputDescription, ModelDescription

IMAGE, TEXT, SOUND, NUMBER = (InputDescription(kind) for kind in ("image", "text", "audio", None))


def test_it_goes_with_the_folder(tmp_path):
    described = ModelDescription({"caption": InputDescription("text", optional=True, missing=""), "n": NUMBER}, ("a",))
    described.write(tmp_path)
    described.write(tmp_path)
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert ModelDescription.read(moved) == described
    assert [path.name for path in (moved / FILE.parent).iterdir()] == [FILE.name]


@pytest.mark.parametrize(
    ("inputs", "main"),
    [
        ({"a": TEXT, "b": IMAGE, "c": SOUND}, "b"),
        ({"a": TEXT, "b": SOUND}, "b"),
        ({"a": TEXT, "b": TEXT}, "a"),
        ({"a": NUMBER}, None),
        ({}, None),
    ],
)
def test_an_image_comes_before_a_sound_before_a_text(inputs, main):
    assert ModelDescription(inputs).main_input == main


@pytest.mark.parametrize("content", [None, "no json", '{"inputs": 1}'])
def test_a_model_without_one_is_refused_with_the_way_to_get_it(tmp_path, content):
    if content is not None:
        (tmp_path / FILE).parent.mkdir()
        (tmp_path / FILE).write_text(content)
    with pytest.raises(UsageError, match=r"must say what it takes.*(slipway run|inputs)|`inputs` must"):
        ModelDescription.read(tmp_path)
