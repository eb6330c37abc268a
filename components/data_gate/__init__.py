"""DataGate: stops a run whose data break the schema."""

from components.data_gate.component import DataGate, DataVerdict

__all__ = ["DataGate", "DataVerdict"]
