"""The options of a build that are rarely changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chimerax.core.commands import concise_model_spec, run
from Qt.QtCore import Signal
from Qt.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit, QSpinBox

from ..session.quoting import command_text
from .ask import ask_fit
from .layout import Section, button, buttons, labelled, narrow, small
from .plan import DEVICES, MODELS, SEED, Plan, paths_in, text_of

__all__ = ["Options", "choice"]

_HALVES = (
    "The two half maps of the map, unfiltered and unmasked: the networks see the map without its "
    "noise, and local resolution and a cross-validation are reported"
)

_SYMMETRY = (
    "That of the map, where you know it: C4, D2, T, O, I, or helical:RISE,TWIST in Å and degrees "
    "as in RELION; its axis is found in the map. auto looks for it; none does not"
)


def choice(words) -> QComboBox:
    """A menu that may be narrower than its widest word."""
    made = QComboBox()
    made.addItems(words)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(6)
    return made


def _count(least: int, most: int) -> QSpinBox:
    made = QSpinBox()
    made.setRange(least, most)
    return made


class Options(Section):
    """What a build can do without: templates, half maps, contacts, device, folder and the like.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    changed = Signal()

    def __init__(self, session) -> None:
        super().__init__("More options")
        self._session = session
        self._make_templates()
        self.pae = self._path_row(
            "P&AE", "none",
            "Predicted aligned error (PAE) of each template, in their order: .json of AlphaFold or "
            "ColabFold, .npz of Boltz; it tells which parts are rigid",
            "Choose a predicted error for each template", self._choose_pae,
        )  # fmt: skip
        self._make_half_maps()
        self.library = self._path_row(
            "&Known folds", "those that ship", "A library of known structures of your own, made by "
            "critasser data library: templates are looked for in it where the map does not tell "
            "the sequence",
            "Choose a library of known folds", self._choose_library,
        )  # fmt: skip
        self.contacts = self._path_row(
            "&Contacts", "none", "Predicted contacts of residues, a file in the CASP RR format",
            "Choose a file of contacts", self._choose_contacts,
        )  # fmt: skip
        self.device = choice(DEVICES)
        self.models = _count(1, 20)
        self.seed = _count(0, 2**31 - 1)
        self.device.currentIndexChanged.connect(self.changed)
        for box in (self.models, self.seed):
            box.valueChanged.connect(self.changed)
        for row in (
            labelled("&Device", self.device, tip="Where the neural network computes"),
            labelled("Mod&els", self.models, tip="Most models to make"),
            labelled("&Seed", self.seed, tip="The same seed gives the same models again"),
        ):
            self.body.addLayout(row)
        self.symmetry = QLineEdit()
        self.symmetry.setPlaceholderText("auto")
        self.symmetry.textChanged.connect(self.changed)
        self.body.addLayout(labelled("S&ymmetry", self.symmetry, tip=_SYMMETRY))
        self.trim = QCheckBox("Leave out residues without density")
        self.trim.setToolTip(
            "Tags, tails and loops that the map does not show; without this they stay in the "
            "models, with low confidence"
        )
        self.trim.toggled.connect(self.changed)
        self.body.addWidget(self.trim)
        self.folder = self._path_row(
            "Job fo&lder", "~/critasser, named after the map", "Must be empty or new",
            "Choose a job folder", self._choose_folder,
        )  # fmt: skip

    def _make_half_maps(self) -> None:
        from chimerax.map import Volume
        from chimerax.ui.widgets import ModelMenuButton

        self.half_maps = tuple(
            ModelMenuButton(
                self._session, class_filter=Volume, no_value_button_text="none",
                no_value_menu_text="none", autoselect=ModelMenuButton.AUTOSELECT_NONE,
            )
            for _ in range(2)
        )  # fmt: skip
        for menu in self.half_maps:
            menu.value_changed.connect(self.changed)
            narrow(menu)
        first, second = self.half_maps
        second.setAccessibleName("The other half map")
        row = labelled("&Half maps", first, second, tip=_HALVES)
        second.setToolTip(_HALVES)
        row.setStretchFactor(second, 1)
        self.body.addLayout(row)

    def _path_row(self, label: str, empty: str, tip: str, choose: str, clicked) -> QLineEdit:
        """A line for a path, with a button that asks for it."""
        line = QLineEdit()
        line.setPlaceholderText(empty)
        line.textChanged.connect(self.changed)
        browse = button("…", choose, clicked)
        browse.setAccessibleName(choose)
        self.body.addLayout(labelled(label, line, browse, tip=tip))
        return line

    def _make_templates(self) -> None:
        from chimerax.atomic import AtomicStructure
        from chimerax.ui.widgets import ModelListWidget

        self.templates = ModelListWidget(
            self._session,
            class_filter=AtomicStructure,
            autoselect=ModelListWidget.AUTOSELECT_NONE,
            selection_mode="multi",
        )
        self.templates.value_changed.connect(self.changed)
        self.templates.setFixedHeight(self.templates.fontMetrics().lineSpacing() * 4 + 10)
        self.templates.setAccessibleName("Templates")
        self.templates.setToolTip(
            "Solved or predicted structures like those in the map, wherever they lie; click one"
        )
        self.body.addWidget(small("Templates of your own: open models of similar structures"))
        self.body.addWidget(self.templates)
        self.body.addWidget(
            buttons(
                button("Open &templates…", "Open model files to use", self._open_templates),
                button("Place a mo&del…", "Place an open model or template in the map first",
                       lambda: ask_fit(self._session, self)),
            )
        )

    @property
    def errors(self) -> tuple[Path, ...]:
        """The chosen predicted errors."""
        return paths_in(self.pae.text())

    @property
    def half_map_specs(self) -> tuple[str, ...]:
        """Specifiers of the chosen half maps."""
        return tuple(menu.value.atomspec for menu in self.half_maps if menu.value is not None)

    @property
    def templates_spec(self) -> str:
        """Specifier of the chosen templates; empty for none."""
        return self.templates_with(())

    def templates_with(self, more) -> str:
        """Specifier of the chosen templates and of more models; empty for none."""
        chosen = self.chosen_with(more)
        return concise_model_spec(self._session, chosen) if chosen else ""

    def chosen_with(self, more) -> list:
        """The chosen templates and more models, each once."""
        return list(dict.fromkeys([*self.templates.value, *more]))

    def forget_models(self) -> None:
        """Choose no templates and no half maps: those that are chosen are of another build."""
        self.templates.value = []
        for menu in self.half_maps:
            menu.value = None

    def show_plan(self, plan: Plan) -> None:
        """Show all of a plan that is set here but the templates."""
        self.device.setCurrentIndex(DEVICES.index(plan.device))
        self.models.setValue(plan.models)
        self.seed.setValue(plan.seed)
        self.symmetry.setText(plan.symmetry)
        self.trim.setChecked(plan.trim)
        self.folder.setText(plan.folder)
        self.library.setText(plan.library)
        self.contacts.setText(plan.contacts)
        self.pae.setText(text_of(plan.pae))
        usual = (plan.device, plan.models, plan.seed) == ("auto", MODELS, SEED)
        files = (plan.folder, plan.library, plan.contacts, plan.pae)
        if not usual or plan.trim or plan.symmetry or any(files):
            self.unfold()

    def _open_templates(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Templates", "", "Models (*.cif *.pdb *.ent *.mmcif);;All files (*)"
        )
        self.open_templates(list(map(Path, paths)))

    def open_templates(self, paths: Sequence[Path]) -> None:
        """Open files and choose their models besides those that are chosen."""
        if not paths:
            return
        before = list(self.templates.value)
        opened = run(self._session, command_text("open", *paths))
        self.templates.refresh()
        known = self.templates.all_values
        self.templates.value = before + [m for m in _flat(opened) if m in known]

    def _choose_library(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Library of known folds", "", "Libraries (*.npz);;All files (*)"
        )
        if path:
            self.library.setText(path)

    def _choose_contacts(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Predicted contacts", "", "Contacts (*.rr *.txt *.contacts);;All files (*)"
        )
        if path:
            self.contacts.setText(path)

    def _choose_pae(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Predicted errors, in the order of the templates", "",
            "Predicted errors (*.json *.json.gz *.npz);;All files (*)",
        )  # fmt: skip
        if paths:
            self.pae.setText(text_of(paths))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Job folder")
        if path:
            self.folder.setText(path)


def _flat(models) -> list:
    """Models of the result of the command ``open``, which nests them."""
    if isinstance(models, (list, tuple)):
        return [one for part in models for one in _flat(part)]
    return [models]
