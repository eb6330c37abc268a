"""Reviews made for tests: good and bad words among others, of every length."""

import csv
import random
from pathlib import Path

GOOD, BAD = ("great", "moving", "witty"), ("dull", "awful", "clumsy")
OTHERS = ("the", "film", "is", "a", "story", "of", "people", "it's", "and", "actor")


def texts(count: int, seed: int = 0) -> list[tuple[str, int]]:
    """(text, label), half of them positive."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        words = draw.choices(OTHERS, k=draw.choice([3, 20, 60, 250]))
        for _ in range(2):
            words.insert(draw.randrange(len(words)), draw.choice(GOOD if number % 2 else BAD))
        found.append((f"{' '.join(words)} ({number})!", number % 2))
    return found


def write(path: Path, count: int = 60) -> str:
    """Writes a CSV as the package has it, the first text twice."""
    rows = [
        (text, label, "imdb" if number % 3 else "rotten_tomatoes") for number, (text, label) in enumerate(texts(count))
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label", "source"), *rows, rows[0]])
    return str(path)
