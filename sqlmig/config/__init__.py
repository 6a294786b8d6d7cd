"""Settings: plain values from files, variables and arguments."""

from sqlmig.config.files import SETTINGS_FILES, has_settings
from sqlmig.config.fleet import FleetSettings
from sqlmig.config.layers import LIBPQ_VARIABLES, refuse_empty
from sqlmig.config.package import Folder, PackageFolder, path_in
from sqlmig.config.parsers import named_environment
from sqlmig.config.presence import expect_any_project, expect_project
from sqlmig.config.settings import EMBEDDED, Config

__all__ = [
    "EMBEDDED",
    "LIBPQ_VARIABLES",
    "SETTINGS_FILES",
    "Config",
    "FleetSettings",
    "Folder",
    "PackageFolder",
    "expect_any_project",
    "expect_project",
    "has_settings",
    "named_environment",
    "path_in",
    "refuse_empty",
]
