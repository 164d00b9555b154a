"""Where stackgen keeps what it makes, for the engine and its users."""

from stackgen.homes import cache_home, data_home, make_homes, refuse_planted

__all__ = ["cache_home", "data_home", "make_homes", "refuse_planted"]
