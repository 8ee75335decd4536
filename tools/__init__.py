"""The repository's own tools. Run each from the root of the repository: `python3 -m tools.NAME`."""
