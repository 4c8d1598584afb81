"""The page Results: models with their scores, and what to do with them."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.commands import run
from Qt.QtCore import QItemSelectionModel, QSize, Qt, Signal
from Qt.QtGui import QColor
from Qt.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QMenu,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from ..session.messages import duration, open_words, state_word
from ..session.quoting import command_text
from ..views.fitted import places_told
from ..views.results import open_group
from .ask import ask_compare, ask_fit, ask_folder, ask_score
from .checklist_panel import ChecklistPanel
from .confidence_panel import ConfidencePanel
from .curves import confidence_colors
from .layout import (
    AMBER,
    Notice,
    Section,
    button,
    buttons,
    column,
    heading,
    labelled,
)
from .outcome import ModelRow
from .plots import MatrixPlot
from .rebuilt_box import RebuiltBox
from .scene import models_of_job, only_commands, selected_structures
from .tables import dense, fit_height
from .template_section import TemplateSection
from .watch import Watch

__all__ = ["ResultsPage"]

_COLUMNS = (
    ("rank", "#", "Best first", "{:d}"),
    ("confidence", "Conf", "Mean confidence of the residues, 0 to 100", "{:.0f}"),
    ("etm", "eTM", "Estimated TM-score, from the agreement of decoys and Cα positions; it does not "
     "notice a sequence out of register, the confidence does", "{:.2f}"),
    ("crscore", "CRscore", "Agreement of the Cα atoms with those that the network finds", "{:.2f}"),
    ("near", "< 3 Å", "Of a placed model: fraction of its Cα within 3 Å of a position that the "
     "network finds", "{:.0%}"),
    ("pcc", "PCC", "Correlation of the model's density with the map", "{:.2f}"),
    ("share", "Share", "Fraction of all decoys that have this fold", "{:.0%}"),
    ("clashes", "Clashes", "Pairs of atoms that are too close", "{:d}"),
    ("seconds", "Time", "Time that building it took", None),
)  # fmt: skip


class ResultsPage(QWidget):
    """Models of the chosen job, and the confidence of any model.

    Parameters
    ----------
    session : chimerax.core.session.Session
    watch : Watch
    """

    wants_build = Signal()

    def __init__(self, session, watch: Watch) -> None:
        super().__init__()
        self._session = session
        self._watch = watch
        self._filling = False
        self._rows: tuple[ModelRow, ...] = ()
        self._open_models: dict[Path, object] = {}
        layout = column(self)
        self._job = QComboBox()
        self._job.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._job.activated.connect(self._job_chosen)
        layout.addLayout(labelled("&Job", self._job, tip="Whose models are listed"))
        self._none = Notice()
        self._none.add(
            button("&Build models", "Set up a build", self.wants_build.emit),
            button(
                "&Open a job…", "Show what is in a job folder", lambda: ask_folder(session, self)
            ),
        )
        layout.addWidget(self._none)
        self.table = _model_table()
        self.table.itemSelectionChanged.connect(self._rows_chosen)
        self.table.itemDoubleClicked.connect(lambda item: self.show_only([self._row_of(item)]))
        self.table.customContextMenuRequested.connect(self._menu)
        layout.addWidget(self.table)
        open_them = button("&Show them", "Open the models of this job", self._open)
        self._closed = Notice().add(open_them)
        layout.addWidget(self._closed)
        self.rebuilt = RebuiltBox(session)
        layout.addWidget(self.rebuilt)
        self._fitted = Notice()
        layout.addWidget(self._fitted)
        self._warnings = Notice(AMBER)
        layout.addWidget(self._warnings)
        self.nucleic_acid = Notice().add(
            button("Show it", "The part of the map that looks like DNA or RNA, in violet",
                   lambda: self._nucleic_acid("critasser show")),
            button("Hide it", "Hide it again", lambda: self._nucleic_acid("critasser hide")),
        )  # fmt: skip
        layout.addWidget(self.nucleic_acid)
        layout.addWidget(
            buttons(
                button("S&core a model…", "Confidences for any model in a map",
                       lambda: ask_score(session, self)),
                button("&Place a model…", "Place a known or predicted model in a map",
                       lambda: ask_fit(session, self)),
                button("Co&mpare…", "Compare models with each other or with a known one",
                       lambda: ask_compare(session, self)),
            )
        )  # fmt: skip
        self.templates = TemplateSection()
        layout.addWidget(self.templates)
        self._alike = Section("Similarity of the models")
        self.matrix = MatrixPlot(lambda a, b: self.show_only(sorted({a - 1, b - 1})))
        self._alike.body.addWidget(self.matrix)
        layout.addWidget(self._alike)
        layout.addSpacing(4)
        layout.addWidget(heading("Confidence of residues"))
        self.confidence = ConfidencePanel(session)
        layout.addWidget(self.confidence)
        self.checklist = ChecklistPanel(session, self._model_to_check)
        layout.addWidget(self.checklist)
        layout.addStretch(1)
        watch.listed.connect(self._list)
        watch.chosen.connect(self._list)
        watch.made.connect(self.fill)
        self._list()
        self.fill()

    def _model_to_check(self):
        """The model that is plotted; else one that is selected, or the only one."""
        if self.confidence.model is not None:
            return self.confidence.model
        from chimerax.atomic import AtomicStructure, all_atomic_structures

        chosen = [m for m in selected_structures(self._session) if isinstance(m, AtomicStructure)]
        shown = [m for m in all_atomic_structures(self._session) if m.visible]
        for found in (chosen, shown):
            if len(found) == 1:
                return found[0]
        return None

    def _list(self) -> None:
        self._job.clear()
        for line in self._watch.lines:
            self._job.addItem(f"{line.name} ({state_word(line.state)})", line.folder)
            self._job.setItemData(
                self._job.count() - 1, str(line.folder), Qt.ItemDataRole.ToolTipRole
            )
            if line.folder == self._watch.folder:
                self._job.setCurrentIndex(self._job.count() - 1)
        self._job.setEnabled(bool(self._watch.lines))
        if not self._rows:
            self._none.tell(_why_none(self._watch.line))

    def _job_chosen(self, index: int) -> None:
        self._watch.choose(self._watch.lines[index].folder)

    def fill(self) -> None:
        """Show the results of the chosen job."""
        outcome = self._watch.outcome
        rows = () if outcome is None else outcome.models
        if rows != self._rows or not rows:
            self._rows = rows
            self._fill_table()
        self._none.tell("" if rows else _why_none(self._watch.line))
        self.table.setVisible(bool(rows))
        tm = None if outcome is None else outcome.tm
        self._alike.setVisible(tm is not None)
        self.matrix.show_matrix(tm, None if outcome is None else outcome.rmsd)
        self._fitted.tell(places_told(self._watch.folder) if rows else "")
        self._warnings.tell("" if outcome is None else "\n".join(outcome.warnings))
        nucleic = "" if outcome is None else outcome.nucleic_acid
        self.templates.show_outcome(outcome)
        self.nucleic_acid.tell(nucleic and f"{nucleic[0].upper()}{nucleic[1:]}.")
        self.models_changed()

    def _nucleic_acid(self, command: str) -> None:
        """Show or hide it; where the job's results are not open, open them first."""
        if (folder := self._watch.folder) is None:
            return
        if open_group(self._session, folder) is None:
            self._run(command_text(*open_words(folder)))
        if (group := open_group(self._session, folder)) is not None:
            self._run(command_text(command, group, "nucleicAcid"))

    def _fill_table(self) -> None:
        self._filling = True
        self.table.setSortingEnabled(False)
        self.table.setRowCount(len(self._rows))
        chips = confidence_colors([r.confidence if r.confidence is not None else float("nan")
                                   for r in self._rows])  # fmt: skip
        for number, row in enumerate(self._rows):
            for place, (name, *_, style) in enumerate(_COLUMNS):
                value = getattr(row, name)
                item = _Number(value, style)
                item.setData(Qt.ItemDataRole.UserRole, number)
                if name == "confidence" and value is not None:
                    item.setData(Qt.ItemDataRole.DecorationRole, QColor(*map(int, chips[number])))
                self.table.setItem(number, place, item)
        for place, (name, *_) in enumerate(_COLUMNS):
            empty = all(getattr(row, name) is None for row in self._rows)
            self.table.setColumnHidden(place, empty)
        self.table.setSortingEnabled(True)
        self.table.fit_columns()
        fit_height(self.table, 8)
        self._filling = False

    def models_changed(self) -> None:
        """Models were opened or closed: say whether those of the job are open."""
        before = self._open_models
        paths = [row.path for row in self._rows]
        self._open_models = models_of_job(self._session, self._watch.folder, paths)
        missing = bool(self._rows) and not self._open_models
        self._closed.tell("The models of this job are not open." if missing else "")
        self.rebuilt.look(self._watch.folder, self._model(0) if self._rows else None)
        for place in range(self.table.rowCount()):
            known = self._model(self._row_of(self.table.item(place, 0))) is not None
            for cell in range(self.table.columnCount()):
                item = self.table.item(place, cell)
                font = item.font()
                font.setItalic(not known)
                item.setFont(font)
        self.confidence.models_changed()
        came = [path for path in self._open_models if path not in before]
        if came and (best := self._open_models.get(self._rows[0].path)) is not None:
            self.confidence.choose(best)  # not a trace that was there before
        self.selection_changed()

    @staticmethod
    def _row_of(item: QTableWidgetItem) -> int:
        """Index into the results of the row of an item, whatever the table is sorted by."""
        return item.data(Qt.ItemDataRole.UserRole)

    def _model(self, row: int):
        """The open model of a row, or None."""
        return self._open_models.get(self._rows[row].path)

    def _chosen(self) -> list[int]:
        places = self.table.selectionModel().selectedRows()
        return [self._row_of(self.table.item(place.row(), 0)) for place in places]

    def _rows_chosen(self) -> None:
        """Rows were chosen by hand: select their models, and plot the first."""
        if self._filling:
            return
        models = [model for row in self._chosen() if (model := self._model(row)) is not None]
        if models:
            self.confidence.choose(models[0])
            self._run(command_text("select", *models))

    def selection_changed(self) -> None:
        """Choose the rows of which something is selected in the scene."""
        chosen = selected_structures(self._session)
        self._filling = True
        selection = self.table.selectionModel()
        flags = QItemSelectionModel.SelectionFlag
        for place in range(self.table.rowCount()):
            on = self._model(self._row_of(self.table.item(place, 0))) in chosen
            flag = flags.Select if on else flags.Deselect
            selection.select(self.table.model().index(place, 0), flag | flags.Rows)
        self._filling = False
        self.confidence.selection_changed()

    def show_only(self, rows: list[int]) -> None:
        """Show these models, hide the job's others, and bring them into view."""
        shown = [model for row in rows if (model := self._model(row)) is not None]
        if not shown:
            self._open()
            return
        for command in only_commands(shown, list(self._open_models.values())):
            self._run(command)
        self.confidence.choose(shown[0])

    def _menu(self, position) -> None:
        """What can be done with a model."""
        item = self.table.itemAt(position)
        if item is None:
            return
        row = self._row_of(item)
        model = self._model(row)
        menu = QMenu(self)
        if model is None:
            menu.addAction("Show").triggered.connect(lambda *_: self._open())
        else:
            menu.addAction("Show only this").triggered.connect(lambda *_: self.show_only([row]))
            for text, command in (
                ("Hide" if model.display else "Show too",
                 command_text("hide" if model.display else "show", model, "models")),
                ("Select", command_text("select", model)),
                ("Focus", command_text("view", model)),
                ("Color by confidence", command_text("critasser confidence", model)),
            ):  # fmt: skip
                menu.addAction(text).triggered.connect(lambda *_, c=command: self._run(c))
        menu.addSeparator()
        menu.addAction("Copy table").triggered.connect(lambda *_: self._copy())
        menu.exec(self.table.viewport().mapToGlobal(position))

    def _copy(self) -> None:
        from Qt.QtWidgets import QApplication

        QApplication.clipboard().setText(self.table_text())

    def table_text(self) -> str:
        """The table with tabs between its columns."""
        shown = [c for c in _COLUMNS if any(getattr(r, c[0]) is not None for r in self._rows)]
        lines = ["\t".join(title for _, title, *_ in shown)]
        for row in self._rows:
            values = (getattr(row, name) for name, *_ in shown)
            lines.append("\t".join("" if value is None else f"{value:g}" for value in values))
        return "\n".join(lines)

    def _open(self) -> None:
        if self._watch.folder is not None:
            self._run(command_text(*open_words(self._watch.folder)))

    def _run(self, command: str) -> None:
        run(self._session, command)


def _why_none(line) -> str:
    """Why there are no rows: what the chosen job does."""
    if line is None:
        return "No models yet: build some, or open a job."
    return {
        "running": f"{line.name} is running, see Progress; its models are listed when it ends.",
        "queued": f"{line.name} waits for its turn.",
        "cancelled": f"{line.name} was stopped before it had made its models; it can be resumed.",
        "failed": f"{line.name} failed before it had made its models; see Progress.",
    }.get(line.state, f"{line.name} has made no models.")


class _Number(QTableWidgetItem):
    """A number that sorts as one."""

    def __init__(self, value: float | None, style: str | None) -> None:
        shown = "" if value is None else duration(value) if style is None else style.format(value)
        super().__init__(shown)
        self.value = float("-inf") if value is None else float(value)
        self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other) -> bool:
        return self.value < other.value


class _ModelTable(QTableWidget):
    """Shares its width among the columns by what their titles need."""

    def fit_columns(self) -> None:
        """Share it anew."""
        metrics = self.horizontalHeader().fontMetrics()
        shown = [place for place in range(len(_COLUMNS)) if not self.isColumnHidden(place)]
        needs = {p: metrics.horizontalAdvance(_COLUMNS[p][1]) + 12 for p in shown}
        for place in shown:
            if _COLUMNS[place][0] in ("rank", "confidence"):  # the sign of order, the chip
                needs[place] += 14
        spare = max(self.viewport().width() - sum(needs.values()), 0)
        for number, place in enumerate(shown):
            share = spare * (number + 1) // len(shown) - spare * number // len(shown)
            self.setColumnWidth(place, needs[place] + share)

    def resizeEvent(self, event) -> None:  # noqa: N802, Qt's name
        """Share the new width."""
        super().resizeEvent(event)
        self.fit_columns()


def _model_table() -> _ModelTable:
    table = dense(_ModelTable(0, len(_COLUMNS)))
    table.setHorizontalHeaderLabels([title for _, title, *_ in _COLUMNS])
    for place, (_, _, tip, _) in enumerate(_COLUMNS):
        table.horizontalHeaderItem(place).setToolTip(tip)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    table.setAlternatingRowColors(True)
    table.setIconSize(QSize(10, 10))
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setAccessibleName("Models")
    table.setToolTip("Double-click shows only this model")
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
    return table
