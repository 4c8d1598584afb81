"""Critasser in ChimeraX: commands that start the engine, watch it, and show what it makes."""

from chimerax.core.toolshed import BundleAPI


class _CritasserAPI(BundleAPI):
    """Tells ChimeraX where the commands are."""

    api_version = 1

    @staticmethod
    def register_command(bundle_info, command_info, logger):
        """Register the one command that ChimeraX asks for."""
        from .commands import register_command

        register_command(command_info.name, logger)


bundle_api = _CritasserAPI()
