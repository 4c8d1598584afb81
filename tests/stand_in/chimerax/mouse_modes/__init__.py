"""A stand-in, not ChimeraX: see ../../README.md."""


class SelectContextMenuAction:
    dangerous = False


class SelectMouseMode:
    entries = []  # noqa: RUF012

    @staticmethod
    def register_menu_entry(entry):
        SelectMouseMode.entries.append(entry)
