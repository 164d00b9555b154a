"""Profiles: named sets of clauses. Implementations that keep the same clauses of a contract name the same profile.

A contract's `profiles.py` has `FULL`, every clause in the contract's order, and the sets made from it. It loads no
client and no probe, so that the catalog can be read quickly.
"""

Profile = tuple[str, ...]


def without(profile: Profile, *clauses: str) -> Profile:
    """Return `profile` without these clauses. Raises ValueError for a clause that is not in it."""
    unknown = [clause for clause in clauses if clause not in profile]
    if unknown:
        raise ValueError(f"not in the profile: {', '.join(unknown)}; it has {', '.join(profile)}")
    return tuple(clause for clause in profile if clause not in clauses)
