"""Plan → program on disk: literals, templates, files, and respect for what people changed by hand."""
