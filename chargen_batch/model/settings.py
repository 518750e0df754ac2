"""What chargen.yaml, the environment and the options together say."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chargen_batch.model.bounds import Hours, Positive, Seconds

Backend = Literal["gemini", "vertex", "emulator"]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
PathName = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]+$")]


class ModelNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The models that requests go to, by kind of task."""

    generate: str = "gemini-3-pro-image"
    analyze: str = "gemini-3.5-flash"


class PictureDefaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture's shape where its target says nothing."""

    aspect_ratio: str = "1:1"
    image_size: str = "1K"


class ScenarioDefaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Picture defaults by scenario."""

    character: PictureDefaults = PictureDefaults(aspect_ratio="3:4")
    location: PictureDefaults = PictureDefaults(aspect_ratio="4:3")
    scene: PictureDefaults = PictureDefaults(aspect_ratio="16:9")


class Style(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The project's look: it goes into every prompt."""

    base: str = ""
    scenarios: dict[str, str] = {}
    moods: dict[str, str] = {}
    negative: tuple[str, ...] = ()


class BatchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How runs are cut, sent and kept. Sizes in bytes, times as their names say, money in USD."""

    backend: Backend = "gemini"
    runs_dir: PathName = ".chargen/batch"
    max_tasks_per_job: Positive = 500
    max_job_bytes: Positive = 500_000_000
    max_enqueued_tokens: Positive = 800_000
    max_concurrent_jobs: Positive = 100
    max_staged_bytes: Positive = 15_000_000_000
    adopt_wait_s: Seconds = 300.0
    max_cost_usd: Amount | None = 50.0
    monthly_budget_usd: Amount | None = None
    upload_concurrency: Positive = 5
    poll_interval_s: Seconds = 30.0
    min_file_life_h: Hours = 26.0
    cleanup_after_success: bool = True


class VertexSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the Vertex backend runs."""

    project: str | None = None
    location: str = "us-central1"
    bucket: str | None = None
    prefix: str = "chargen-batch"


class ModelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one model offers, from the package's dated table (chargen_batch/models.toml).

    ``image_prices`` is USD for one picture by image size, interactive (batch is half), and
    ``image_tokens`` the tokens it takes; ``input_image_tokens`` those of a picture shown to it.
    """

    kind: Literal["image", "text"] = "image"
    ratios: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    max_references: int = 14
    image_prices: dict[str, float] = {}
    image_tokens: dict[str, int] = {}
    input_image_tokens: int = 1120
    input_price_per_mtok: float | None = None
    output_price_per_mtok: float | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting of a project, in the shape of chargen.yaml."""

    story: PathName = "."
    exclude: tuple[str, ...] = ("*-template", "*_DO_NOT_USE")
    models: ModelNames = ModelNames()
    defaults: ScenarioDefaults = ScenarioDefaults()
    style: Style = Style()
    safety: dict[str, str] = {}
    batch: BatchSettings = BatchSettings()
    prices: dict[str, dict[str, float]] = {}
    vertex: VertexSettings = VertexSettings()
