"""The table of a map's regions: rows and regions select each other."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.tools import ToolInstance

from ..session.quoting import command_text, quoted_text
from .placement import beside_log

__all__ = ["SegmentsTool", "show_segments"]

_NAME = "Critasser Segments"


class SegmentsTool(ToolInstance):
    """Regions of segmented maps, what is selected of them, and what can be done with it."""

    SESSION_ENDURING = False
    SESSION_SAVE = False
    help = "help:user/tools/segments.html"

    def __init__(self, session, tool_name: str = _NAME) -> None:
        super().__init__(session, tool_name)
        from chimerax.ui import MainToolWindow

        from ..models.segments.segmentation import SEGMENTS_CHANGED

        self.display_name = _NAME
        self._expected: int | None = None
        self._sequence_word: str | Path = ""
        self._selecting = False
        self._follows = False
        self.tool_window = MainToolWindow(self)
        self._build(self.tool_window.ui_area)
        triggers = session.triggers
        if not triggers.has_trigger(SEGMENTS_CHANGED):
            triggers.add_trigger(SEGMENTS_CHANGED)
        self._handlers = [
            triggers.add_handler(name, function)
            for name, function in (
                # The trigger for the whole selection waits for the next frame.
                ("model selection changed", lambda *_: self._follow_soon()),
                ("add models", lambda *_: self.refresh()),
                ("remove models", lambda *_: self.refresh()),
                ("model color changed", lambda _, model: self._cell("", model)),
                ("model name changed", lambda _, model: self._cell("Name", model)),
                (SEGMENTS_CHANGED, lambda *_: self.refresh(all_cells=True)),
            )
        ]
        self.refresh()
        self.tool_window.manage(placement=beside_log(session))

    def delete(self) -> None:
        """Stop listening."""
        for handler in self._handlers:
            handler.remove()
        self._handlers = []
        self.table.data = []
        super().delete()

    # What is on the window

    def _build(self, area) -> None:
        from chimerax.map import Volume
        from chimerax.ui.widgets import ModelMenuButton
        from Qt.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout

        column = QVBoxLayout(area)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        top = QHBoxLayout()
        top.addWidget(QLabel("Map"))
        self.map_menu = ModelMenuButton(self.session, class_filter=Volume)
        self.map_menu.setToolTip("The map to find regions in, at the level that it is displayed at")
        self.map_menu.setMinimumWidth(60)
        self.map_menu.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        top.addWidget(self.map_menu, 1)
        find = self._button(
            "Find regions", self._segment, "Regions of about the size of a protein chain"
        )
        find.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        top.addWidget(find)
        column.addLayout(top)

        line = QHBoxLayout()
        line.addWidget(QLabel("Sequence"))
        self.sequence_entry = QLineEdit()
        self.sequence_entry.setPlaceholderText("letters, a FASTA file, or chains such as #2/A")
        self.sequence_entry.setToolTip(
            "Of the chains that are in the map: tells how large a region should be, and what to "
            "build in the selected ones"
        )
        self.sequence_entry.editingFinished.connect(self._read_sequence)
        line.addWidget(self.sequence_entry, 1)
        column.addLayout(line)

        self._build_table()
        column.addWidget(self.table, 1)
        self.total = QLabel()
        self.total.setWordWrap(True)
        column.addWidget(self.total)

        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        self.merge_button = self._button("Merge", self._merge, "Merge the selected regions")
        self.split_button = self._button("Split", self._split, "Split the selected regions")
        self.delete_button = self._button(
            "Delete", self._delete, "Delete the selected regions; their density stays in the map"
        )
        self.undo_button = self._button("Undo", self._undo, "Undo the last of these changes")
        self.mates_button = self._button(
            "Mates", self._mates, "Select the symmetry mates of the selected regions too"
        )
        for button in (
            self.merge_button, self.split_button, self.delete_button, self.undo_button,
            self.mates_button,
        ):  # fmt: skip
            buttons.addWidget(button)
        column.addLayout(buttons)
        self.build_button = self._button(
            "Build in selected", self._build_model, "Build a model of the sequence in these regions"
        )
        column.addWidget(self.build_button)

    def _button(self, text, function, tip):
        from Qt.QtWidgets import QPushButton, QSizePolicy

        button = QPushButton(text)
        button.setToolTip(tip)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 12)
        button.clicked.connect(lambda *_: function())
        return button

    def _build_table(self) -> None:
        from chimerax.ui.widgets import ItemTable
        from Qt.QtCore import Qt

        self.table = table = ItemTable(session=self.session, color_column_width=20)
        table.add_column("ID", "id_string", sort_func=lambda one, other: one.id < other.id)
        self._color_column = table.add_column(
            "",
            lambda segment: segment.color,
            format=table.COL_FORMAT_OPAQUE_COLOR,
            title_display=False,
            data_set="color {item.atomspec} {value}",
        )
        self._name_column = table.add_column("Name", "name", data_set=self._rename, editable=True)
        for title, value, form, tip in (
            ("Å³", "region_volume", "%.0f", "Volume above the level"),
            ("Residues", "expected_residues", "%d", "That a protein of this size has, about"),
            ("Density", "mean_density", "%.3g", "Mean density in the region"),
            ("Group", lambda segment: segment.mates or "", "%s", "Symmetry mates have the same"),
        ):
            table.add_column(title, value, format=form, balloon=tip, justification="right")
        table.launch()
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.setMinimumHeight(120)
        table.selection_changed.connect(self._select_rows)
        table.setToolTip("Rows and regions select each other; Ctrl-click a region in the map")

    # Rows and regions

    def refresh(self, *, all_cells: bool = False) -> None:
        """Show the regions that there are now."""
        from ..models.segments.segment import Segment

        segments = sorted(
            (m for m in self.session.models.list() if isinstance(m, Segment) and m.parent),
            key=lambda segment: segment.id,
        )
        fresh = segments != self.table.data
        self._selecting = True
        try:
            if fresh:
                self.table.data = segments
            elif all_cells:
                for column in self.table.columns:
                    self.table.update_column(column, data=True)
        finally:
            self._selecting = False
        if fresh:
            self.table.resizeColumnsToContents()
        self._follow_selection()

    def _follow_soon(self) -> None:
        """Once, when a command has selected all that it selects."""
        if self._follows:
            return
        self._follows = True
        from Qt.QtCore import QTimer

        QTimer.singleShot(0, self._follow_now)

    def _follow_now(self) -> None:
        self._follows = False
        if self._handlers:
            self._follow_selection()

    def _follow_selection(self) -> None:
        """Rows of selected regions are selected."""
        chosen = [segment for segment in self.table.data if segment.selected]
        if {id(one) for one in chosen} != {id(one) for one in self.table.selected}:
            self._selecting = True
            try:
                self.table.selected = chosen
            finally:
                self._selecting = False
            if chosen:
                self.table.scroll_to(chosen[0])
        self._tell_total(chosen)

    def _select_rows(self, *_) -> None:
        """Regions of selected rows are selected, by a command."""
        if self._selecting:
            return
        chosen = self.table.selected
        if {id(one) for one in chosen} == {id(s) for s in self.table.data if s.selected}:
            return
        self._run(command_text("select", _spec(self.session, chosen) if chosen else "clear"))

    def _cell(self, title: str, model) -> None:
        if any(model is segment for segment in self.table.data):
            column = self._name_column if title else self._color_column
            self.table.update_cell(column, model)

    def _rename(self, segment, name: str) -> None:
        self._run(command_text("rename", segment, quoted_text(name)))

    def _tell_total(self, chosen) -> None:
        from ..models.segments.editing import last_changed

        residues = sum(segment.expected_residues for segment in chosen)
        count = len(chosen)
        text = f"{count} selected: about {residues:,} residues" if count else "nothing selected"
        if self._expected:
            text += f"; the sequence has {self._expected:,}"
        elif count:
            text += "; give the sequence above to build in them"
        self.total.setText(text)
        self.merge_button.setEnabled(count > 1)
        for button in (self.split_button, self.delete_button, self.mates_button):
            button.setEnabled(count > 0)
        self.build_button.setEnabled(count > 0 and bool(self._expected))
        self.undo_button.setEnabled(last_changed(self.session) is not None)

    # The sequence

    @property
    def sequence(self) -> str:
        """As it was typed; the total is compared with it."""
        return self.sequence_entry.text().strip()

    @sequence.setter
    def sequence(self, text: str) -> None:
        self.sequence_entry.setText(text)
        self._read_sequence()

    def _read_sequence(self) -> None:
        from chimerax.core.errors import UserError

        from ..commands.arguments import BuildSequenceArg
        from ..models.segments.expected import chain_lengths

        self._expected = None
        if self.sequence:
            try:
                found, used, rest = BuildSequenceArg.parse(self.sequence, self.session)
                if rest.strip():
                    raise UserError(f"{rest.strip()!r} follows the sequence: leave it out")
                self._expected = sum(chain_lengths(found))
                self._sequence_word = found if isinstance(found, Path) else used
            except (UserError, ValueError) as error:
                self.session.logger.status(str(error), color="red")
        self._follow_selection()

    # Commands

    def _segment(self) -> None:
        volume = self.map_menu.value
        if volume is None:
            self.session.logger.status("choose a map first", color="red")
            return
        words = ["critasser segment", volume]
        if self._expected:
            words += ["sequence", self._sequence_word]
        self._run(command_text(*words))

    def _merge(self) -> None:
        self._run("critasser segment merge")

    def _split(self) -> None:
        self._run("critasser segment split")

    def _delete(self) -> None:
        self._run("critasser segment delete")

    def _undo(self) -> None:
        self._run("critasser segment undo")

    def _mates(self) -> None:
        self._run("critasser segment mates")

    def _build_model(self) -> None:
        volumes = {segment.segmentation.volume for segment in self.table.selected}
        volume = volumes.pop() if len(volumes) == 1 else None
        if volume is None or volume.deleted:
            self.session.logger.status("choose regions of one open map", color="red")
            return
        chosen = ("segments", _spec(self.session, self.table.selected))
        words = ("critasser build", volume, "sequence", self._sequence_word, *chosen)
        self._run(command_text(*words))

    def _run(self, command: str) -> None:
        from chimerax.core.commands import run

        run(self.session, command)


def show_segments(session, tool_name: str = _NAME) -> SegmentsTool | None:
    """Show the one window of this kind; None without a GUI."""
    from chimerax.core.tools import get_singleton

    return get_singleton(session, SegmentsTool, tool_name, display=True)


def _spec(session, segments) -> str:
    """The shortest specifier of regions."""
    from chimerax.core.commands import concise_model_spec

    from ..models.segments.segment import Segment

    return concise_model_spec(session, segments, relevant_types=Segment)
