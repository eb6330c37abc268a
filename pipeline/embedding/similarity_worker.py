"""The process that compares classes: python -m pipeline.embedding.similarity_worker FOLDER."""

import sys
from pathlib import Path

from pipeline.embedding.similarity import similarity
from pipeline.runner.answer import answer

if __name__ == "__main__":
    sys.exit(answer(Path(sys.argv[1]), similarity))
