"""What is wrong with an implementation's folder, read from its files; nothing of `component.py` is imported or run."""
