"""Where rows come from: one file for each kind of source, all of one form."""

from components.trainer.sources.arrays import Arrays
from components.trainer.sources.audio import Audio
from components.trainer.sources.csv_rows import Csv
from components.trainer.sources.generated import Generated
from components.trainer.sources.images import Images
from components.trainer.sources.lines import Lines
from components.trainer.sources.records import Records
from components.trainer.sources.source import Indexed, Sharded, Source

__all__ = ["Arrays", "Audio", "Csv", "Generated", "Images", "Indexed", "Lines", "Records", "Sharded", "Source"]
