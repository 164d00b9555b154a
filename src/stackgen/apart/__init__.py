"""A process of its own for work whose memory and time a server decides: it has limits, and can be ended."""
