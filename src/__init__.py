"""Critasser in ChimeraX: commands that start the engine, watch it, and show what it makes."""

import importlib

from chimerax.core.toolshed import BundleAPI

TOOLS: dict[str, str] = {
    "Critasser": "tool.critasser.show_panel",
    "Critasser Segments": "tool.segments.show_segments",
}
"""Module and class of each tool, as `bundle_info.xml` names them."""

SELECTORS: dict[str, str] = {"critasser-low": "models.uncertain_regions.select_low"}
"""Module and function of each selector: `function(session, models, results)`."""

PROVIDERS: dict[str, str] = {
    "presets": "models.presets.run_preset",
    "toolbar": "tool.critasser.press_button",
}
"""Module and function of each provider, by its manager's name: `function(session, name)`."""

SAVED: dict[str, str] = {
    "CritasserTool": "tool.critasser.CritasserTool",
    "JobGroup": "views.restored.JobGroup",
    "PlaceTour": "models.places.PlaceTour",
    "Places": "models.places.PlaceTour",
    "Segment": "models.segments.segment.Segment",
    "Segmentation": "models.segments.segmentation.Segmentation",
    "UncertainRegions": "models.places.PlaceTour",
}
"""Module and class for each name of a class in sessions, also those of earlier versions. A group is
taken from where it is heard of, so that its job is found again."""


def _found(place: str):
    """What is at a place `module.name` of this package; its module is imported only now."""
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f".{module}", __name__), name)


class _CritasserAPI(BundleAPI):
    """Tells ChimeraX where everything is."""

    api_version = 1

    @staticmethod
    def initialize(session, bundle_info):
        """Look for jobs that an earlier ChimeraX left, later: the start is not to wait for it."""
        if session.ui.is_gui:
            from .views.reattach import look_later

            look_later(session)

    @staticmethod
    def register_command(bundle_info, command_info, logger):
        """Register the one command that ChimeraX asks for."""
        from .commands import register_command

        register_command(command_info.name, logger)

    @staticmethod
    def start_tool(session, bundle_info, tool_info):
        """Show a tool."""
        return _found(TOOLS[tool_info.name])(session, tool_info.name)

    @staticmethod
    def register_selector(bundle_info, selector_info, logger):
        """Make a selector known; what it selects is looked up when it is used."""
        from chimerax.core.commands import register_selector

        def select(session, models, results):
            return _found(SELECTORS[selector_info.name])(session, models, results)

        register_selector(
            selector_info.name, select, logger, desc=selector_info.synopsis, user=False
        )

    @staticmethod
    def run_provider(session, name, manager, **keywords):
        """Run what a manager, such as the presets' or the toolbar's, has been promised."""
        return _found(PROVIDERS[manager.name])(session, name, **keywords)

    @staticmethod
    def get_class(class_name):
        """A class that a session has saved."""
        return _found(SAVED[class_name]) if class_name in SAVED else None


bundle_api = _CritasserAPI()
