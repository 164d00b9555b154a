"""Puts another box in a component's place, step by step: resumable, and the old box serves until the new one does."""
