"""The repository's own tools: run each from the repository root, as `python3 -m tools.NAME`."""
