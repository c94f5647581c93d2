"""What may be set, and where is it read from?"""

from tracker.config.keys import (
    PASSWORD_VARIABLE,
    BandConfig,
    Config,
    ConfigError,
    DashboardConfig,
    DetectorConfig,
    default_db_path,
)
from tracker.config.reading import default_config_path, load

__all__ = [
    "PASSWORD_VARIABLE",
    "BandConfig",
    "Config",
    "ConfigError",
    "DashboardConfig",
    "DetectorConfig",
    "default_config_path",
    "default_db_path",
    "load",
]
