"""DataGate: stops a run whose data break the schema."""

from components.data_gate.component import DataGate

__all__ = ["DataGate"]
