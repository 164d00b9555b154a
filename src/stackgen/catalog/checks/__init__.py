"""Problems of an implementation's folder, read from its files; nothing of `component.py` is imported or run."""
