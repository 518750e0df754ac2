"""Pages of a list that went wrong: items that are missing, a token too few, a token twice."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from chargen_batch.emulator.pages import FIRST_AGAIN
from chargen_batch.emulator.responses import json_response, spoilt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from chargen_batch.emulator.faults import Fault

_TOKEN = "nextPageToken"  # noqa: S105 - where a list goes on, and no secret


def spoilt_page(fault: Fault, query: Mapping[str, str], response: Response) -> Response:
    """Give what becomes of a good page."""
    if response.status_code != HTTPStatus.OK:
        return spoilt(fault, response)
    page = json.loads(bytes(response.body))
    match fault.kind:
        case "lost_page":
            return json_response({name: page[name] for name in page if name == _TOKEN})
        case "last_page":
            return json_response({name: page[name] for name in page if name != _TOKEN})
        case "repeat_page":
            token = query.get("pageToken") or query.get("page_token") or FIRST_AGAIN
            return json_response({**page, _TOKEN: token})
        case _:
            return spoilt(fault, response)
