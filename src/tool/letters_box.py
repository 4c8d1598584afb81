"""The box in which the letters of a sequence are typed and pasted."""

from __future__ import annotations

from Qt.QtCore import QSize
from Qt.QtGui import QFontDatabase, QTextOption
from Qt.QtWidgets import QPlainTextEdit

__all__ = ["LettersBox"]


class LettersBox(QPlainTextEdit):
    """Letters, in a font in which they are all as wide.

    Parameters
    ----------
    editor : SequenceEditor
        Takes files, and records of several sequences.
    """

    def __init__(self, editor) -> None:
        super().__init__()
        self._editor = editor
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setPlaceholderText("Paste letters or FASTA here")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setTabChangesFocus(True)
        self.setToolTip("The letters of the chosen sequence; or paste one or more new ones")
        self.setAccessibleName("Letters of the sequence")
        self.setFixedHeight(self.fontMetrics().lineSpacing() * 4 + 12)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Four lines."""
        return QSize(200, self.height())

    def canInsertFromMimeData(self, data) -> bool:  # noqa: N802
        """Text, and files."""
        return data.hasUrls() or super().canInsertFromMimeData(data)

    def insertFromMimeData(self, data) -> None:  # noqa: N802
        """Files and FASTA become sequences of their own; letters go where the cursor is."""
        paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if paths:
            self._editor.add_files(paths)
        elif data.hasText() and ">" in data.text():
            # What is selected as a whole is to be replaced, as it is in any other text.
            cursor, length = self.textCursor(), len(self.toPlainText())
            if length and cursor.selectionEnd() - cursor.selectionStart() == length:
                self._editor.remove()
            self._editor.add_text(data.text())
        else:
            super().insertFromMimeData(data)
