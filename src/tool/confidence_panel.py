"""Confidence of the residues of a model: the plot, and buttons that go where it is low."""

from __future__ import annotations

from chimerax.core.commands import run
from Qt.QtCore import Qt, QTimer
from Qt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ..session.quoting import command_text
from ..session.settings import remember_low, settings
from .confidence_plot import ConfidencePlot
from .layout import GAP, Notice, button, buttons, labelled, narrow
from .memory import memory
from .scene import (
    chains_of,
    has_confidence,
    less_sure_command,
    select_stretch,
    selected_mask,
    track_of,
)

__all__ = ["ConfidencePanel"]

_PAUSE = 400
"""Milliseconds after which a slider that was moved by keys selects."""


class ConfidencePanel(QWidget):
    """Plot of one chain, with menus of models and chains.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    def __init__(self, session) -> None:
        super().__init__()
        self._session = session
        self._memory = memory(session)
        self._chains: list = []
        self._ours = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        self._make_menus(layout)
        self._none = Notice()
        layout.addWidget(self._none)
        self.plot = ConfidencePlot()
        self.plot.picked.connect(self._picked)
        layout.addWidget(self.plot)
        self._tools = QWidget()
        layout.addWidget(self._tools)
        self._make_tools(QVBoxLayout(self._tools))
        self.models_changed()

    def _make_menus(self, layout) -> None:
        from chimerax.atomic import AtomicStructure
        from chimerax.ui.widgets import ModelMenuButton

        self.model_menu = ModelMenuButton(
            self._session, class_filter=AtomicStructure, filter_func=has_confidence,
            no_value_button_text="No model with confidences",
            autoselect=ModelMenuButton.AUTOSELECT_FIRST_DISPLAYED,
        )  # fmt: skip
        narrow(self.model_menu)
        self.model_menu.value_changed.connect(self._model_chosen)
        self.chain_menu = QComboBox()
        self.chain_menu.setToolTip("Chain")
        self.chain_menu.setAccessibleName("Chain")
        self.chain_menu.currentIndexChanged.connect(self._chain_chosen)
        layout.addLayout(
            labelled("Mo&del", self.model_menu, self.chain_menu, tip="Whose residues are plotted")
        )

    def _make_tools(self, layout) -> None:
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        self._less = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        tip = "Select the residues whose confidence is below this"
        self.slider.setToolTip(tip)
        self.slider.setAccessibleName("Confidence below")
        self._less.setToolTip(tip)
        self._less.setMinimumWidth(self._less.fontMetrics().horizontalAdvance("Below 100"))
        row.addWidget(self._less)
        row.addWidget(self.slider, 1)
        layout.addLayout(row)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._select_less_sure)
        self.slider.valueChanged.connect(self._limit_moved)
        self.slider.sliderReleased.connect(self._select_less_sure)
        self.pcc = QCheckBox("loc&al PCC")
        self.pcc.setToolTip("Correlation of each residue's own density with the map")
        self.pcc.toggled.connect(self._pcc_toggled)
        layout.addWidget(
            buttons(
                button("◀ &Previous", "Go to the previous uncertain place",
                       lambda: self._go("previous")),
                button("&Next ▶", "Go to the next uncertain place",
                       lambda: self._go("next")),
                button("&End", "Leave the uncertain places and restore the view",
                       lambda: self._run("critasser confidence end")),
                button("&Rebuild selected", "Rebuild the selected residues: "
                       "critasser rebuild sel", lambda: self._run("critasser rebuild sel")),
                button("Co&lor", "Color this model by its confidence", self._color),
                self.pcc,
            )
        )  # fmt: skip
        self.pcc.setChecked(bool(self._memory.local_pcc))
        self.plot.show_pcc(self.pcc.isChecked())
        self.limit_changed()

    @property
    def model(self):
        """The model that is plotted, or None."""
        return self.model_menu.value

    @property
    def chain(self):
        """The chain that is plotted, or None."""
        index = self.chain_menu.currentIndex()
        return self._chains[index] if 0 <= index < len(self._chains) else None

    def choose(self, model) -> None:
        """Plot another model."""
        if model is not self.model and model in self.model_menu.all_values:
            self.model_menu.value = model

    def models_changed(self) -> None:
        """Models were opened or closed, or have got confidences."""
        self.model_menu.refresh()
        self._model_chosen()

    def _model_chosen(self) -> None:
        model = self.model
        chain_id = self.chain_menu.currentText()
        self._chains = [] if model is None else chains_of(model)
        self.chain_menu.blockSignals(True)
        self.chain_menu.clear()
        self.chain_menu.addItems([chain.chain_id for chain in self._chains])
        self.chain_menu.setCurrentIndex(max(self.chain_menu.findText(chain_id), 0))
        self.chain_menu.blockSignals(False)
        self.chain_menu.setVisible(len(self._chains) > 1)
        self._none.tell(
            "" if self._chains
            else "Build a model, or score one that you have, to see the confidence of each residue."
        )  # fmt: skip
        for widget in (self.plot, self._tools):
            widget.setVisible(bool(self._chains))
        self._chain_chosen()

    def _chain_chosen(self, *_) -> None:
        chain = self.chain
        self.plot.show_track(None if chain is None else track_of(chain))
        self.selection_changed()

    def selection_changed(self) -> None:
        """Mark the selected residues; go to the chain that something is selected of."""
        chain = self.chain
        if chain is None or chain.structure.deleted:
            return
        mask = selected_mask(chain)
        if not mask.any() and not self._ours and len(self._chains) > 1:
            for index, other in enumerate(self._chains):
                if selected_mask(other).any():
                    self.chain_menu.setCurrentIndex(index)
                    return
        self.plot.show_selected(mask)

    def _picked(self, first: int, last: int, add: bool) -> None:
        """Residues were clicked or dragged over: select them, and go to a single one."""
        self._ours = True
        try:
            select_stretch(self._session, self.chain, first, last, add=add)
        finally:
            self._ours = False

    def limit_changed(self) -> None:
        """Show the limit that is kept, which commands change too."""
        self._filling_limit = True
        self.slider.setValue(round(settings(self._session).low_confidence))
        self._limit_moved(self.slider.value())
        self._filling_limit = False

    def _limit_moved(self, value: int) -> None:
        self._less.setText(f"Below {value}")
        self.plot.show_limit(float(value))
        if not self.slider.isSliderDown() and not self._filling_limit:
            self._later.start()

    def _select_less_sure(self) -> None:
        self._later.stop()
        remember_low(self._session, float(self.slider.value()))
        if self.model is not None:
            self._run(less_sure_command(self.model, self.slider.value()))

    def _pcc_toggled(self, shown: bool) -> None:
        self._memory.local_pcc = shown
        self.plot.show_pcc(shown)

    def _go(self, where: str) -> None:
        """To the next or the previous place that is below the limit of the slider."""
        if self.model is not None:
            limit = ("below", self.slider.value())
            self._run(command_text("critasser confidence", where, self.model, *limit))

    def _color(self) -> None:
        if self.model is not None:
            self._run(command_text("critasser confidence", self.model))

    def _run(self, command: str) -> None:
        self._ours = True
        try:
            run(self._session, command)
        finally:
            self._ours = False
