"""Small CSVs."""

import random
from pathlib import Path
from typing import Any


def passengers(path: Path, rows: int = 120) -> Path:
    """A CSV with a column of every kind, whose label `survived` follows from `sex` and `age`."""
    return write(path, [_passenger(number) for number in range(rows)])


def _passenger(number: int) -> dict[str, Any]:
    rng = random.Random(number)
    sex, age = rng.choice(["female", "male"]), rng.randrange(80)
    return {
        "id": number + 1,
        "name (full)": f"{rng.choice(['Mr', 'Mrs', 'Dr'])} {rng.choice('ABCDEF')}{number} of {rng.choice('XYZ')}",
        "sex": sex,
        "age": "" if number % 10 == 0 else age,
        "fare": f"{rng.uniform(5, 90):.2f}",
        "ticket": f"{number:05}-{rng.randrange(1000)}",
        "born": f"{1900 + number % 90}-01-02",
        "ship": "Titanic",
        "cabin": "C1" if number % 20 == 0 else "",
        "survived": "yes" if (sex == "female") == (rng.random() < 0.9) else "no",
    }


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Writes rows as a CSV."""
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
