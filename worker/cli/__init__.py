"""The ``penname`` command: one file per group of commands; ``app`` joins them."""
