"""The models that the emulated service knows, and what each can draw."""

from __future__ import annotations

from dataclasses import dataclass, field

from chargen_batch.emulator.refusals import RefusalError, not_found

COMMON_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
ALL_RATIOS = (*COMMON_RATIOS, "1:4", "4:1", "1:8", "8:1")
MOST_REFERENCES = 14
METHODS = ["generateContent", "countTokens", "batchGenerateContent"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model: `image_tokens` by size; without any it answers in text only."""

    id: str
    title: str
    image_tokens: dict[str, int] = field(default_factory=dict)
    ratios: tuple[str, ...] = ()
    structured: bool = True

    @property
    def draws(self) -> bool:
        """Say whether the model makes pictures."""
        return bool(self.image_tokens)


_PRO = {"1K": 1120, "2K": 1120, "4K": 2000}
_MODELS = (
    Model(
        "gemini-nano-banana-2.1",
        "Nano Banana 2.1",
        {"1K": 1120, "2K": 1680, "4K": 3780},
        ALL_RATIOS,
        structured=False,
    ),
    Model("gemini-3-pro-image", "Nano Banana Pro", _PRO, COMMON_RATIOS),
    Model("nano-banana-pro-preview", "Nano Banana Pro", _PRO, COMMON_RATIOS),
    Model("gemini-3.1-flash-lite-image", "Nano Banana 2 Lite", {"1K": 1120}, COMMON_RATIOS),
    Model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    Model("gemini-3.7-flash", "Gemini 3.7 Flash"),
    Model("gemini-3.6-flash", "Gemini 3.6 Flash"),
    Model("gemini-3.5-flash", "Gemini 3.5 Flash"),
    Model("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
    Model("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite"),
    Model("gemini-2.5-pro", "Gemini 2.5 Pro"),
    Model("gemini-2.5-flash", "Gemini 2.5 Flash"),
    Model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
    Model("gemini-4-argon", "Gemini 4 Argon"),
    Model("gemini-4-carbon", "Gemini 4 Carbon"),
    Model("gemini-4-hydrogen", "Gemini 4 Hydrogen"),
)
MODELS = {model.id: model for model in _MODELS}


def find_model(model_id: str, version: str, action: str) -> Model:
    """Look a model up; retired and unknown ones are refused with 404."""
    model = MODELS.get(model_id)
    if model is None:
        raise _unknown(model_id, version, action)
    return model


def _unknown(model_id: str, version: str, action: str) -> RefusalError:
    return not_found(
        f"models/{model_id} is not found for API version {version}, or is not supported for "
        f"{action}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )
