from tests.dashboard.conftest import alone, faults, lab

__all__ = ["alone", "faults", "lab"]
