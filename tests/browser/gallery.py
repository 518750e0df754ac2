"""A little run of five tasks, one in each state, of two entities."""

from __future__ import annotations

from typing import Final

import msgspec

from chargen_batch.model.outcome import TaskError
from chargen_batch.model.task import TaskSource
from tests import samples
from tests.browser.window import done

_MILL: Final = {
    "entity_type": "location",
    "entity_slug": "old-mill",
    "output_dir": "locations/old-mill/images",
    "aspect_ratio": "16:9",
    "source": TaskSource(file="locations/old-mill/imagery.yaml", yaml_path=("zones", 2)),
}
PORTRAIT: Final = samples.task(prompt="Ada by the sea", reference_images=(samples.PORTRAIT,))
STORM: Final = samples.task(
    target_id="storm",
    title="Ada in the storm",
    prompt="\n".join(f"line {number} of a long prompt" for number in range(30)),
    negative_prompt="no umbrella",
    output_file_name_hint="storm",
)
WHEEL: Final = samples.task(target_id="wheel", title="The wheel", prompt="A mill wheel", **_MILL)
LOFT: Final = samples.task(target_id="loft", title="The loft", prompt="Under the roof", **_MILL)
POND: Final = samples.task(target_id="pond", title="The pond", prompt="Still water", **_MILL)
TASKS: Final = (PORTRAIT, STORM, WHEEL, LOFT, POND)
_LOST: Final = TaskError(code="BAD_RESULT", message="the picture is cut off", retryable=True)
OUTCOMES: Final = (
    done(PORTRAIT),
    done(STORM, warnings=("48 x 64 is not the size asked for",)),
    samples.failure(WHEEL.key),
    msgspec.structs.replace(samples.failure(LOFT.key), error=_LOST),
)
TITLES: Final = ["Ada", "Ada in the storm", "The wheel", "The loft", "The pond"]
