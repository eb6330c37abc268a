import json

from pipeline.doctor.report import as_json, as_table
from pipeline.doctor.row import Row, worst

FINE = Row("python", "ok", "3.13.5")
LOW = Row("disk", "warning", "2.0 GB free", "export SLIPWAY_HOME=/a/larger/disk/slipway")
WRONG = Row("load MLMD", "broken", "word " * 40, "make install " + "x" * 120)


def test_json():
    values = json.loads(as_json([FINE, LOW]))
    assert values == {
        "state": "warning",
        "checks": [
            {"name": "python", "state": "ok", "detail": "3.13.5", "mend": None},
            {"name": "disk", "state": "warning", "detail": "2.0 GB free", "mend": LOW.mend},
        ],
    }


def test_table():
    assert as_table([FINE, LOW]).splitlines() == [
        "ok       python  3.13.5",
        "warning  disk    2.0 GB free",
        "                 -> export SLIPWAY_HOME=/a/larger/disk/slipway",
        "",
        "Nothing broken, 1 warning.",
    ]


def test_details_are_wrapped_and_commands_are_not():
    lines = as_table([WRONG], width=60).splitlines()
    assert f"                    -> {WRONG.mend}" in lines
    assert max(len(line) for line in lines if "->" not in line and "broken," not in line) <= 60
    assert sum(line.count("word") for line in lines) == 40


def test_a_command_is_shown_once():
    other = Row("load TFDV", "broken", "not installed", WRONG.mend)
    lines = as_table([WRONG, other]).splitlines()
    assert sum(str(WRONG.mend) in line for line in lines) == 1
    assert lines[-3].endswith("-> as above")
    assert lines[-1].startswith("2 broken, 0 warning.")


def test_colors_only_when_asked_for():
    assert "\x1b[31mbroken " in as_table([WRONG], color=True)
    assert "\x1b" not in as_table([WRONG])


def test_line_break_in_a_detail_does_not_break_the_table():
    assert len(as_table([Row("import x", "broken", "ValueError: one\ntwo")]).splitlines()) == 3


def test_worst():
    assert [worst(rows) for rows in ([], [FINE], [FINE, LOW], [WRONG, LOW, FINE])] == [
        "ok", "ok", "warning", "broken",
    ]  # fmt: skip
