"""chargen.yaml, the environment and the options, made into one frozen Settings."""

from chargen_batch.config.file import CONFIG_NAME
from chargen_batch.config.models import model_facts, model_table, prices_date
from chargen_batch.config.offered import not_offered
from chargen_batch.config.project import (
    STORY_FOLDERS,
    Project,
    Setting,
    all_settings,
    find_project,
    load,
    read,
)

__all__ = ["CONFIG_NAME", "STORY_FOLDERS", "Project", "Setting", "all_settings", "find_project"]
__all__ += ["load", "model_facts", "model_table", "not_offered", "prices_date", "read"]
