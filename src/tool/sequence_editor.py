"""The editor of sequences: a table, the letters of a row, files, chains of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from Qt.QtCore import Qt, Signal
from Qt.QtGui import QColor, QTextCharFormat, QTextCursor
from Qt.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QMenu,
    QSpinBox,
    QTableWidgetItem,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from ..engine.critasser.fasta_text import is_nucleic
from ..jobs.sequences import (
    AMINO_ACIDS,
    MOST_COPIES,
    Entry,
    add_entries,
    complaint,
    holds,
    not_built,
    parse_sequences,
    read_sequences,
    residue_count,
)
from .layout import GAP, button, buttons, small
from .letters_box import LettersBox
from .tables import fit_height, row_table

__all__ = ["SequenceEditor"]

_WRONG = QColor(214, 69, 65)
_MOST_MARKS = 200
_NAME, _RESIDUES, _COPIES = range(3)


class SequenceEditor(QWidget):
    """Sequences to build, each with how many copies are in the map.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    changed = Signal()

    def __init__(self, session) -> None:
        super().__init__()
        self._session = session
        self._entries: list[Entry] = []
        self._filling = False
        self.fasta: Path | None = None
        self.setAcceptDrops(True)
        self.table = row_table(
            "Sequences", ("Sequence", "Residues", "Copies"), _NAME, editable=True
        )
        # Room for both arrows of the boxes.
        height = round(self.table.fontMetrics().height() * 1.8)
        self.table.verticalHeader().setDefaultSectionSize(height)
        self.table.itemSelectionChanged.connect(self._row_chosen)
        self.table.itemChanged.connect(self._name_typed)
        self.text = LettersBox(self)
        self.text.textChanged.connect(self._typed)
        self._summary = small()
        self.protein = QCheckBox("They are protein all the same")
        self.protein.setToolTip("Sequences of A, C, G and T alone, such as poly-alanine")
        self.protein.toggled.connect(self._protein_said)
        self._chains = button("&Chains", "Take sequences from open models", int)
        menu = QMenu(self._chains)
        menu.aboutToShow.connect(self._fill_chains)
        self._chains.setMenu(menu)
        self._remove = button("Remo&ve", "Remove the chosen sequence (Delete)", self.remove)
        self._new = button("&New", "Type or paste another sequence", self.start_new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.table)
        layout.addWidget(self.text)
        layout.addWidget(self._summary)
        layout.addWidget(self.protein)
        file = button("&File…", "Read sequences from FASTA files", self._browse)
        layout.addWidget(buttons(file, self._chains, self._new, self._remove))
        for first, second in pairwise((self.text, file, self._chains, self._new, self._remove)):
            QWidget.setTabOrder(first, second)
        self._show()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The sequences."""
        return tuple(self._entries)

    @property
    def are_protein(self) -> bool:
        """Whether the person says so of sequences that look like DNA."""
        return self.protein.isChecked() and self._doubtful()

    def _doubtful(self) -> bool:
        return any(is_nucleic(one.header, one.letters) for one in self._entries)

    def _complaints(self) -> list[str]:
        """What is wrong with each entry."""
        protein = self.are_protein
        left_out = not_built(self._entries, protein=protein)
        if not protein and all(is_nucleic(one.header, one.letters) for one in self._entries):
            said = "this looks like DNA or RNA: give a protein, or tick the box if it is one"
            return [said] * len(self._entries)
        return [
            "" if out else complaint(one.letters, one.header, protein=True)
            for one, out in zip(self._entries, left_out)
        ]

    def set_entries(self, entries: Sequence[Entry], fasta: Path | None = None) -> None:
        """Put other sequences in place of all that are there."""
        self._entries = list(entries)
        self._show(0 if len(self._entries) == 1 else None)
        self._changed(fasta)

    def add(self, entries: Sequence[Entry], fasta: Path | None = None) -> None:
        """Add sequences; one that is there already becomes a copy more."""
        first = not self._entries
        self._entries = add_entries(self._entries, entries)
        self._show(len(self._entries) - 1)
        self._changed(fasta if first else None)

    def add_text(self, text: str) -> None:
        """Add what was pasted: FASTA, or letters."""
        self.add(parse_sequences(text))

    def add_files(self, paths: Sequence[str]) -> None:
        """Add sequences of FASTA files; one that is no good is told of below the table."""
        for path in map(Path, paths):
            try:
                entries = read_sequences(path)
            except ValueError as error:
                self._summary.setText(f"{error}.")
                return
            self.add(entries, path if holds(path, entries) else None)

    def remove(self) -> None:
        """Remove the chosen sequence."""
        row = self._row
        if row is not None:
            del self._entries[row]
            self._show(min(row, len(self._entries) - 1) if self._entries else None)
            self._changed()

    def start_new(self) -> None:
        """Empty the box for another sequence."""
        self.table.clearSelection()
        self.text.setFocus()

    @property
    def _row(self) -> int | None:
        rows = self.table.selectionModel().selectedRows()
        return rows[0].row() if rows else None

    def _changed(self, fasta: Path | None = None) -> None:
        self.fasta = fasta
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        """The line below the letters: how much it is, or what is wrong."""
        self.protein.setVisible(self._doubtful())
        told = zip(self._entries, self._complaints())
        wrong = [(one.name, said) for one, said in told if said]
        if wrong:
            name, said = wrong[0]
            self._summary.setText(f"⚠ {name}, {said}")
        elif self._entries:
            left_out = not_built(self._entries, protein=self.are_protein)
            built = [one for one, out in zip(self._entries, left_out) if not out]
            chains = sum(one.copies for one in built)
            what = "1 chain" if chains == 1 else f"{chains} chains"
            more = "; DNA and RNA are not built" if any(left_out) else ""
            self._summary.setText(f"{what}, {residue_count(built):,} residues in all{more}")
        else:
            self._summary.setText(
                "Every protein chain in the map: paste its letters, or drop a FASTA file here."
            )

    def _show(self, row: int | None = None) -> None:
        """Fill the table anew."""
        self._filling = True
        self.table.setRowCount(len(self._entries))
        for number, entry in enumerate(self._entries):
            name = QTableWidgetItem(entry.name)
            name.setToolTip(entry.header or entry.name)
            self.table.setItem(number, _NAME, name)
            self._show_length(number)
            box = QSpinBox()
            box.setRange(1, MOST_COPIES)
            box.setValue(entry.copies)
            box.setFrame(False)
            box.setAutoFillBackground(True)  # else its arrows are lost on a chosen row
            box.setToolTip("How many chains of this sequence are in the map")
            box.setAccessibleName(f"Copies of {entry.name}")
            box.valueChanged.connect(lambda value, n=number: self._copies_typed(n, value))
            if (earlier := self.table.cellWidget(number, _COPIES)) is not None:
                earlier.hide()  # it is deleted later, and would be seen until then
            self.table.setCellWidget(number, _COPIES, box)
        self.table.setVisible(bool(self._entries))
        fit_height(self.table, 6)
        self._filling = False
        if row is None:
            self.table.clearSelection()
        else:
            self.table.selectRow(row)
        self._row_chosen()  # also when the same row now holds another sequence
        self._tell()

    def _show_length(self, row: int) -> None:
        entry = self._entries[row]
        letters = entry.letters
        item = QTableWidgetItem(str(len(letters)))
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        said = self._complaints()[row]
        if said:
            item.setForeground(_WRONG)
            item.setText(f"⚠ {len(letters)}")
        left_out = not_built(self._entries, protein=self.are_protein)[row]
        told = "DNA or RNA: not built" if left_out else "Residues of one copy"
        item.setToolTip(said or told)
        self.table.setItem(row, _RESIDUES, item)

    def _row_chosen(self) -> None:
        if self._filling:
            return
        row = self._row
        self._remove.setEnabled(row is not None)
        self._new.setEnabled(row is not None)
        self._filling = True
        self.text.setPlainText("" if row is None else self._entries[row].letters)
        self._filling = False
        self._mark()

    def _typed(self) -> None:
        """Letters were typed or pasted into the box."""
        if self._filling:
            return
        text, row = self.text.toPlainText(), self._row
        if ">" in text:
            if row is not None:
                del self._entries[row]
            self.add_text(text)
            return
        letters = parse_sequences(text)
        if row is None:
            if letters:
                # Not `add`: what is typed is not the copy of another before it is whole.
                name = f"sequence {len(self._entries) + 1}"
                self._filling = True
                self._entries.append(Entry(name, letters[0].letters))
                cursor = self.text.textCursor().position()
                self._filling = False
                self._show(len(self._entries) - 1)
                self._restore_cursor(cursor)
                self._changed()
            return
        self._entries[row] = replace(
            self._entries[row], letters=letters[0].letters if letters else ""
        )
        self._filling = True
        self._show_length(row)
        self._filling = False
        self._mark()
        self._changed()

    def _protein_said(self) -> None:
        """The person says, or no longer says, that all of them are protein."""
        self._filling = True
        for row in range(len(self._entries)):
            self._show_length(row)
        self._filling = False
        self._changed(self.fasta)

    def _restore_cursor(self, position: int) -> None:
        cursor = self.text.textCursor()
        cursor.setPosition(min(position, len(self.text.toPlainText())))
        self.text.setTextCursor(cursor)

    def _mark(self) -> None:
        """Underline letters that are no amino acids."""
        text, marks = self.text.toPlainText(), []
        style = QTextCharFormat()
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        style.setUnderlineColor(_WRONG)
        style.setForeground(_WRONG)
        for place, letter in enumerate(text):
            if letter.isspace() or letter in AMINO_ACIDS or (text.islower() and letter.isalpha()):
                continue
            mark = QTextEdit.ExtraSelection()
            mark.format = style
            mark.cursor = QTextCursor(self.text.document())
            mark.cursor.setPosition(place)
            mark.cursor.movePosition(
                QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor
            )
            marks.append(mark)
            if len(marks) == _MOST_MARKS:
                break
        self.text.setExtraSelections(marks)

    def _name_typed(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() != _NAME:
            return
        name = " ".join(item.text().split()) or f"sequence {item.row() + 1}"
        self._entries[item.row()] = replace(self._entries[item.row()], name=name)
        self._changed()

    def _copies_typed(self, row: int, value: int) -> None:
        self._entries[row] = replace(self._entries[row], copies=value)
        self._changed()

    def _browse(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Sequences", "", "FASTA (*.fasta *.fa *.faa *.fas *.seq *.txt);;All files (*)"
        )
        self.add_files(paths)

    def _fill_chains(self) -> None:
        """The menu of chains of open models, made when it is opened."""
        from chimerax.atomic import Residue, all_atomic_structures

        menu = self._chains.menu()
        menu.clear()
        for structure in all_atomic_structures(self._session):
            found = [c for c in structure.chains if c.polymer_type == Residue.PT_AMINO]
            for chain in found:
                text = f"{structure.atomspec}/{chain.chain_id}  {structure.name}, {len(chain)}"
                action = menu.addAction(text.replace("&", "&&"))
                action.triggered.connect(lambda *_, one=chain: self._add_chains([one]))
            if len(found) > 1:
                action = menu.addAction(f"All {len(found)} chains of {structure.atomspec}")
                action.triggered.connect(lambda *_, all_of=found: self._add_chains(all_of))
                menu.addSeparator()
        if menu.isEmpty():
            menu.addAction("No model with protein chains is open").setEnabled(False)

    def _add_chains(self, chains: Sequence) -> None:
        self.add(
            [Entry(f"{c.structure.name.split('.')[0]}_{c.chain_id}", c.characters) for c in chains]
        )

    def dragEnterEvent(self, event) -> None:  # noqa: N802, Qt's name
        """Files and text may be dropped."""
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:  # noqa: N802
        """Take dropped files or text."""
        take_drop(self, event)

    def keyPressEvent(self, event) -> None:  # noqa: N802
        """Delete removes the row that has the focus."""
        if event.key() == Qt.Key.Key_Delete and self.table.hasFocus():
            self.remove()
        else:
            super().keyPressEvent(event)


def take_drop(editor: SequenceEditor, event) -> None:
    """Give what was dropped to the editor."""
    data = event.mimeData()
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if paths:
        editor.add_files(paths)
    elif data.hasText():
        editor.add_text(data.text())
    event.acceptProposedAction()
