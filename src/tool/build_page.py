"""The page Build, on which a build is set up and started."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from chimerax.core.commands import run
from chimerax.core.errors import UserError
from Qt.QtCore import Signal
from Qt.QtWidgets import (
    QDoubleSpinBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..jobs.new_job import jobs_home
from ..jobs.sequences import Entry, complaints, holds, write_fasta
from ..models.job_map import map_of, open_map
from .citation import citation_section
from .engine_notice import EngineNotice
from .known_box import KnownBox
from .layout import (
    CommandLine,
    Notice,
    button,
    column,
    heading,
    labelled,
    narrow,
    scrolled,
    small,
)
from .memory import memory
from .options import Options, choice
from .plan import (
    DEVICES,
    PLACES,
    QUALITIES,
    Plan,
    build_command,
    obstacle,
    sequence_argument,
)
from .rerun import earlier_build
from .resolution_box import ResolutionBox
from .sequence_editor import SequenceEditor

__all__ = ["LaunchPage"]

_PLACE_WORDS = ("Whole map", "Selected segments", "Near selected atoms", "Inside a mask")
_QUALITY_TIPS = (
    "draft: minutes, to see whether it will work\n"
    "standard: the usual\n"
    "thorough: several times longer, for hard maps"
)


class LaunchPage(QWidget):
    """Everything that a build is given, and the button that starts it.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    started = Signal()

    def __init__(self, session) -> None:
        super().__init__()
        self._session = session
        self._memory = memory(session)
        self.setAcceptDrops(True)
        # What starts the build stays in sight; only what is above it scrolls.
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        area, content, footer = scrolled(), QWidget(), QWidget()
        area.setWidget(content)
        area.setMinimumHeight(40)
        whole.addWidget(area, 1)
        whole.addWidget(footer)
        layout = column(content)
        self._engine = EngineNotice(session, self._run, self.refresh)
        layout.addWidget(self._engine)
        layout.addLayout(self._make_map())
        layout.addWidget(self._no_map)
        layout.addSpacing(4)
        layout.addWidget(heading("Sequences"))
        self.editor = SequenceEditor(session)
        self.editor.changed.connect(self.refresh)
        layout.addWidget(self.editor)
        layout.addSpacing(4)
        layout.addWidget(heading("How to build"))
        self._make_place(layout)
        self._make_usual(layout)
        self.known = KnownBox(session)
        self.known.changed.connect(self.refresh)
        layout.addWidget(self.known)
        self.options = Options(session)
        self.options.changed.connect(self.refresh)
        layout.addWidget(self.options)
        layout.addStretch(1)
        layout.addWidget(citation_section(session))
        self._make_footer(column(footer))
        # In the order in which they are seen; without this, in that in which they were made.
        for first, second in pairwise(
            (self.place, self.distance, self._segments, self.mask_menu, self.quality)
        ):
            QWidget.setTabOrder(first, second)
        self.set_plan_values(Plan(**self._remembered()))
        self.refresh()

    def _make_footer(self, layout) -> None:
        """What is still missing, the button, and the command that it runs."""
        self._hint = small()
        self._hint.setAccessibleName("What is still missing")
        layout.addWidget(self._hint)
        self.build_button = QPushButton("&Build models")
        self.build_button.setToolTip("Run the command below; the build goes on in the background")
        font = self.build_button.font()
        font.setBold(True)
        self.build_button.setFont(font)
        self.build_button.setMinimumHeight(self.build_button.sizeHint().height() + 8)
        self.build_button.clicked.connect(lambda *_: self.build())
        layout.addWidget(self.build_button)
        self.preview = CommandLine()
        self.preview.setToolTip("The command that Build runs; it can be typed or put into a script")
        self.preview.setAccessibleName("Command")
        layout.addWidget(self.preview)

    def _remembered(self) -> dict:
        kept = self._memory
        return {
            "quality": kept.quality if kept.quality in QUALITIES else "standard",
            "device": kept.device if kept.device in DEVICES else "auto",
            "models": kept.models,
            "seed": kept.seed,
            "distance": kept.distance,
        }

    def _make_map(self):
        from chimerax.map import Volume
        from chimerax.ui.widgets import ModelMenuButton

        def menu(none: str):
            made = ModelMenuButton(
                self._session, class_filter=Volume, no_value_button_text=none,
                autoselect=ModelMenuButton.AUTOSELECT_FIRST_DISPLAYED
                if none == "No map is open" else ModelMenuButton.AUTOSELECT_NONE,
            )  # fmt: skip
            made.value_changed.connect(self.refresh)
            narrow(made)
            return made

        self.map_menu = menu("No map is open")
        self.mask_menu = menu("Choose a mask")
        self._no_map = Notice()
        self._no_map.add(
            button("&Open a map…", "Choose a map file", lambda: self._run("open browse")),
            button(
                "Try the e&xample",
                "Open a small map and build a model into it: critasser example",
                self._try_example,
            ),
        )
        return labelled("&Map", self.map_menu, tip="The map to build into, at full resolution")

    def _make_place(self, layout) -> None:
        self.place = choice(_PLACE_WORDS)
        self.place.currentIndexChanged.connect(self.refresh)
        self.distance = QDoubleSpinBox()
        self.distance.setRange(1.0, 100.0)
        self.distance.setDecimals(1)
        self.distance.setSuffix(" Å")
        self.distance.setToolTip("Distance from the atoms")
        self.distance.setAccessibleName("Distance, in Å")
        self.distance.valueChanged.connect(self.refresh)
        self._segments = button(
            "Se&gments…", "Divide the map into regions and choose among them",
            self._choose_segments,
        )  # fmt: skip
        self.mask_menu.setToolTip("Build where this map is 0.5 or more")
        layout.addLayout(
            labelled("&Where", self.place, self.distance, self._segments,
                     tip="Which part of the map to build into")
        )  # fmt: skip
        layout.addWidget(self.mask_menu)

    def _make_usual(self, layout) -> None:
        self.quality = choice(QUALITIES)
        self.quality.currentIndexChanged.connect(self.refresh)
        layout.addLayout(labelled("&Quality", self.quality, tip=_QUALITY_TIPS))
        self.resolution = ResolutionBox()
        self.resolution.valueChanged.connect(self.refresh)
        layout.addLayout(self.resolution.row())

    def plan(self) -> Plan:
        """The build as it is set now; touches no density."""
        chosen = self.map_menu.value
        mask = self.mask_menu.value
        return Plan(
            map_spec="" if chosen is None else chosen.atomspec,
            entries=self.editor.entries,
            fasta=self.editor.fasta,
            place=PLACES[self.place.currentIndex()],
            distance=round(self.distance.value(), 1),
            mask_spec="" if mask is None else mask.atomspec,
            templates_spec=self.options.templates_with(self.known.models),
            chosen=len(self.options.chosen_with(self.known.models)),
            templates_files=self.known.files,
            pae=self.options.errors,
            half_maps=self.options.half_map_specs,
            known=self.known.known,
            library=self.options.library.text().strip(),
            contacts=self.options.contacts.text().strip(),
            resolution=self.resolution.given,
            quality=QUALITIES[self.quality.currentIndex()],
            device=DEVICES[self.options.device.currentIndex()],
            models=self.options.models.value(),
            seed=self.options.seed.value(),
            trim=self.options.trim.isChecked(),
            protein=self.editor.are_protein,
            symmetry=self.options.symmetry.text().replace(" ", ""),
            folder=self.options.folder.text().strip(),
        )

    def set_plan_values(self, plan: Plan) -> None:
        """Show all of a plan but its models."""
        self.editor.set_entries(plan.entries, plan.fasta)
        self.editor.protein.setChecked(plan.protein)
        self.place.setCurrentIndex(PLACES.index(plan.place))
        self.distance.setValue(plan.distance)
        self.resolution.given = plan.resolution
        self.quality.setCurrentIndex(QUALITIES.index(plan.quality))
        self.options.show_plan(plan)

    def show_earlier(self, folder: Path) -> None:
        """Set everything as a job had it; its map, mask and templates are opened where needed."""
        earlier = earlier_build(folder)
        if earlier is None:
            raise UserError(f"{folder} holds no build that could be set up again")
        session = self._session
        volume = map_of(session, folder) or open_map(session, folder)
        self.set_plan_values(earlier.plan)
        self.known.show_plan(earlier.plan)
        self._choose(self.map_menu, volume)
        if earlier.mask is not None:
            self._choose(self.mask_menu, open_map(session, folder, "mask"))
        self.options.forget_models()
        for menu, name in zip(self.options.half_maps, earlier.half_maps):
            self._choose(menu, open_map(session, folder, name))
        self.options.open_templates(earlier.templates)
        lost = [*earlier.missing, *(("the map",) if volume is None else ())]
        if lost:
            session.logger.warning(
                f"{folder}: {' and '.join(lost)} of that job cannot be taken over: give it anew"
            )
        self.refresh()

    @staticmethod
    def _choose(menu, model) -> None:
        menu.refresh()
        if model is not None and model in menu.all_values:
            menu.value = model

    def refresh(self, *_) -> None:
        """Show what goes with what is set, and the command that it makes."""
        if not hasattr(self, "preview"):
            return
        self._engine.look()
        self.known.set_entries(self.editor.entries, protein=self.editor.are_protein)
        plan = self.plan()
        self._no_map.tell("" if plan.map_spec else "Open the map that you want to build into.")
        self.distance.setVisible(plan.place == "near")
        self._segments.setVisible(plan.place == "segments")
        self.mask_menu.setVisible(plan.place == "mask")
        missing = obstacle(plan, selected_atoms=plan.place != "near" or self._atoms_selected())
        self._hint.setText(missing)
        self._hint.setVisible(bool(missing))
        self.build_button.setEnabled(not missing)
        self.preview.setPlainText("" if missing else build_command(plan, self._sequences_folder))
        self.preview.setVisible(not missing)

    def _atoms_selected(self) -> bool:
        from chimerax.atomic import selected_atoms

        return len(selected_atoms(self._session)) > 0

    def selection_changed(self) -> None:
        """What is selected matters to where to build."""
        if PLACES[self.place.currentIndex()] == "near":
            self.refresh()

    @property
    def _sequences_folder(self) -> Path:
        return jobs_home() / "sequences"

    def build(self) -> None:
        """Run the command, and remember what was set."""
        plan = self.plan()
        if obstacle(plan, selected_atoms=plan.place != "near" or self._atoms_selected()):
            self.refresh()
            return
        for name in ("quality", "device", "models", "seed", "distance"):
            setattr(self._memory, name, getattr(plan, name))
        plan = self._with_file(plan)
        if self._run(build_command(plan, self._sequences_folder)) is not None:
            self.options.folder.clear()  # it is not empty any more
            self.started.emit()

    def _with_file(self, plan: Plan) -> Plan:
        """A plan whose sequences are in a file where the command needs one."""
        folder = self._sequences_folder
        if plan.fasta is not None and not holds(plan.fasta, plan.entries):
            plan = replace(plan, fasta=None)  # the file has changed since
        if sequence_argument(plan, folder)[1]:
            try:
                write_fasta(folder, plan.entries)
            except OSError as error:
                raise UserError(f"{folder}: cannot write there, {error.strerror}") from None
        return plan

    def _choose_segments(self) -> None:
        """Show the regions, and tell there what is to be built unless that is known there."""
        from .segments import show_segments

        self._run('ui tool show "Critasser Segments"')
        shown, plan = show_segments(self._session), self.plan()
        whole = not any(complaints(plan.entries, protein=plan.protein))
        if plan.entries and whole and not shown.sequence:
            shown.sequence, _ = sequence_argument(self._with_file(plan), self._sequences_folder)

    def _try_example(self) -> None:
        if self._run("critasser example") is not None:
            self.started.emit()

    def _run(self, command: str):
        """Run a command; what is wrong is shown by ChimeraX as for a typed one."""
        try:
            return run(self._session, command)
        finally:
            self.refresh()

    def snapshot(self) -> dict:
        """What a session keeps of this page: plain values."""
        plan = self.plan()
        entries = [(one.name, one.letters, one.copies, one.header) for one in plan.entries]
        return {
            "entries": entries,
            "fasta": "" if plan.fasta is None else str(plan.fasta),
            "half_maps": list(plan.half_maps),
            **{
                name: getattr(plan, name)
                for name in ("map_spec", "mask_spec", "place", "distance", "resolution",
                             "quality", "device", "models", "seed", "trim", "protein", "symmetry",
                             "folder", "contacts")
            },
        }  # fmt: skip

    def restore(self, kept: dict) -> None:
        """Show what a session kept; the models must be there."""
        kept = dict(kept)
        menus = (self.map_menu, self.mask_menu, *self.options.half_maps)
        halves = [*kept.pop("half_maps", ()), "", ""][:2]
        specs = (kept.pop("map_spec", ""), kept.pop("mask_spec", ""), *halves)
        entries = tuple(Entry(*one) for one in kept.pop("entries", ()))
        fasta = kept.pop("fasta", "")
        known = {name: value for name, value in kept.items() if name in Plan.__dataclass_fields__}
        path = Path(fasta) if fasta and holds(Path(fasta), entries) else None
        self.set_plan_values(replace(Plan(), entries=entries, fasta=path, **known))
        for menu, spec in zip(menus, specs):
            found = [m for m in menu.all_values if m.atomspec == spec] if spec else []
            if found:
                menu.value = found[0]
        self.refresh()

    def dragEnterEvent(self, event) -> None:  # noqa: N802, Qt's name
        """A FASTA file may be dropped anywhere on the page."""
        self.editor.dragEnterEvent(event)

    def dropEvent(self, event) -> None:  # noqa: N802
        """Take dropped files or text."""
        self.editor.dropEvent(event)
