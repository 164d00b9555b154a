"""A process of its own for work whose memory and time a server decides: it has limits, and can be ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Line = dict[str, Any]
"""What the two processes say to each other, as JSON."""
Tell = Callable[[Line], None]
