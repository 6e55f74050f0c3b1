"""One module a step; ``revision`` and ``down_revision`` chain them. Never change an old one."""
