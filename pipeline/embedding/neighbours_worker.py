"""The process that finds neighbours: python -m pipeline.embedding.neighbours_worker FOLDER."""

import sys
from pathlib import Path

from pipeline.embedding.neighbours import neighbours
from pipeline.runner.answer import answer

if __name__ == "__main__":
    sys.exit(answer(Path(sys.argv[1]), neighbours))
