"""Dialogs that ask for the models of a command."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.commands import run
from Qt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ..engine.critasser.symmetry_text import is_looked_for, read_symmetry
from ..session.messages import open_words
from ..session.quoting import command_text
from .layout import column, labelled, small
from .resolution_box import ResolutionBox

__all__ = ["ask_compare", "ask_fit", "ask_folder", "ask_score"]


def ask_folder(session, parent: QWidget) -> None:
    """Choose a job folder and show what is in it."""
    path = QFileDialog.getExistingDirectory(parent, "Job folder")
    if path:
        run(session, command_text(*open_words(Path(path))))


class _Question(QDialog):
    """A title, rows to choose from, and two buttons; what was chosen is run as a command.

    Parameters
    ----------
    session : chimerax.core.session.Session
    parent : QWidget
    title, words, verb : str
        What it is about, what it does, and the word on the button.
    """

    def __init__(self, session, parent: QWidget, title: str, words: str, verb: str) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle(title)
        self.setMinimumWidth(340)
        self.rows: QVBoxLayout = column(self)
        self.rows.addWidget(small(words))
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.verb = box.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        self.verb.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        self._box = box

    def finish(self) -> None:
        """Put the buttons below the rows."""
        self.rows.addStretch(1)
        self.rows.addWidget(self._box)
        self.look()

    def command(self) -> str:
        """The command, or nothing while something is missing; for subclasses."""
        raise NotImplementedError

    def look(self, *_) -> None:
        """Whether the button can be pressed."""
        self.verb.setEnabled(bool(self.command()))

    def accept(self) -> None:
        """Run the command."""
        command = self.command()
        super().accept()
        if command:
            run(self.session, command)


class _ModelInMap(_Question):
    """About a model and the map in which it is, or is to be."""

    def __init__(self, session, parent: QWidget, title: str, text: str, verb: str) -> None:
        from chimerax.atomic.widgets import AtomicStructureMenuButton
        from chimerax.map import Volume
        from chimerax.ui.widgets import ModelMenuButton

        super().__init__(session, parent, title, text, verb)
        self.model = AtomicStructureMenuButton(session)
        self.map = ModelMenuButton(
            session, class_filter=Volume, autoselect=ModelMenuButton.AUTOSELECT_FIRST_DISPLAYED
        )
        self.resolution = ResolutionBox()
        self.rows.addLayout(labelled("&Model", self.model))
        self.rows.addLayout(labelled("M&ap", self.map))
        self.rows.addLayout(self.resolution.row())
        for menu in (self.model, self.map):
            menu.value_changed.connect(self.look)

    def command_of(self, name: str, *more: str) -> str:
        """A command with both; nothing while one of them is missing."""
        model, volume = self.model.value, self.map.value
        if model is None or volume is None:
            return ""
        given = self.resolution.given
        more = more if given is None else ("resolution", f"{given:g}", *more)
        return command_text(name, model, "inMap", volume, *more)


class _Score(_ModelInMap):
    def __init__(self, session, parent: QWidget) -> None:
        super().__init__(
            session, parent, "Score a model",
            "Estimates the confidence of each residue of a model in a map. The model may come "
            "from any program; it must already be in its place.", "Score",
        )  # fmt: skip
        self.finish()

    def command(self) -> str:
        return self.command_of("critasser score")


class _Fit(_ModelInMap):
    def __init__(self, session, parent: QWidget) -> None:
        super().__init__(
            session, parent, "Place a model",
            "Finds where in the map a known or predicted model belongs. Its domains are placed "
            "together; the log tells how well they fit, and how certain their places are.", "Place",
        )  # fmt: skip
        self.where = QComboBox()
        self.where.addItems(tuple(_PLACES))
        self.rigid = QCheckBox("&Keep it in one piece")
        self.rigid.setToolTip("One rigid body; else its domains may move against each other")
        self.symmetry = QLineEdit()
        self.symmetry.setPlaceholderText("none")
        self.symmetry.textChanged.connect(self.look)
        self.rows.addLayout(labelled("&Where", self.where))
        self.rows.addLayout(labelled("S&ymmetry", self.symmetry, tip=_SYMMETRY))
        self.rows.addWidget(self.rigid)
        self.finish()

    def command(self) -> str:
        more = [*_PLACES[self.where.currentText()]]
        if symmetry := self.symmetry.text().replace(" ", ""):
            if not _can_be(symmetry):
                return ""
            more += ["symmetry", symmetry]
        more += ["rigid true"] if self.rigid.isChecked() else []
        return self.command_of("critasser fit", *more)


_SYMMETRY = (
    "That of the map, of which the model is one unit: C4, D2, T, O, I, or helical:RISE,TWIST in Å "
    "and degrees as in RELION"
)

_PLACES = {
    "Whole map": (), "Selected segments": ("segments sel",), "Near selected atoms": ("near sel",),
}  # fmt: skip
"""Where to look, and the words for it."""


def _can_be(symmetry: str) -> bool:
    """Whether a fit can be given this."""
    try:
        read_symmetry(symmetry)
    except ValueError:
        return False
    return not is_looked_for(symmetry)


class _Compare(_Question):
    def __init__(self, session, parent: QWidget) -> None:
        from chimerax.atomic.widgets import AtomicStructureMenuButton

        super().__init__(
            session, parent, "Compare models",
            "Compares two models as they lie, residue by residue, and colours them by the distance "
            "between them.", "Compare",
        )  # fmt: skip
        self.first = AtomicStructureMenuButton(
            session, autoselect=AtomicStructureMenuButton.AUTOSELECT_FIRST_DISPLAYED
        )
        self.second = AtomicStructureMenuButton(
            session, autoselect=AtomicStructureMenuButton.AUTOSELECT_NONE
        )
        self.superpose = QCheckBox("&Superpose them first")
        self.superpose.setToolTip("Moves the second model; else they are compared as they lie")
        self.rows.addLayout(labelled("&Model", self.first))
        self.rows.addLayout(labelled("&With", self.second))
        self.rows.addWidget(self.superpose)
        for menu in (self.first, self.second):
            menu.value_changed.connect(self.look)
        self.finish()

    def command(self) -> str:
        first, second = self.first.value, self.second.value
        if first is None or second is None or first is second:
            return ""
        superpose = ["superpose true"] if self.superpose.isChecked() else []
        return command_text("critasser compare", first, "withModel", second, *superpose)


def ask_score(session, parent: QWidget) -> None:
    """Score a model in a map."""
    _Score(session, parent).show()


def ask_fit(session, parent: QWidget) -> None:
    """Place a model in a map."""
    _Fit(session, parent).show()


def ask_compare(session, parent: QWidget) -> None:
    """Compare models."""
    _Compare(session, parent).show()
