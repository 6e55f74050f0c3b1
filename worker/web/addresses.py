"""How a batch stands in an address: its name may hold slashes, as ``/batches/clinic/2026-11``.

``{name:batch}`` in a route takes the whole name. What ends like an order, ``.../retry``, is that
order and no name, as ``worker.batch_names`` has it; so a wrong method there is told as one.
"""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor

from worker.batch_names import ORDERS

BATCH = rf"(?:[^/]+|.+/(?!(?:{'|'.join(sorted(ORDERS))})$)[^/]+)"


class BatchConvertor(Convertor[str]):
    """Takes a batch's name out of a path."""

    regex = BATCH

    def convert(self, value: str) -> str:
        """Give the name, which the server has decoded."""
        return value

    def to_string(self, value: str) -> str:
        """Give the name as it stands in a path."""
        return value


# Starlette knows kinds of parameters by name, and looks them up where a route is declared.
register_url_convertor("batch", BatchConvertor())
