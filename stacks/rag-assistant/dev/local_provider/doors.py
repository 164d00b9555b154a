"""Files for the run folder of a server in Python that asks for a key: see scripts/doors.py."""

from pathlib import Path

DOORS = {"doors.py": (Path(__file__).parent / "scripts" / "doors.py").read_text(encoding="utf-8")}
