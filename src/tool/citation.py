"""How to cite, below the page Build."""

from __future__ import annotations

from .layout import Section

__all__ = ["citation_section"]

_CITATION = (
    "<b>CR-I-TASSER: assemble protein structures from cryo-EM density maps using deep "
    "convolutional neural networks</b><br>Zhang X, Zhang B, Freddolino PL, Zhang Y<br>"
    "Nat Methods (2022) 19:195–204"
)
_DOI = "https://doi.org/10.1038/s41592-021-01389-9"


def citation_section(session) -> Section:
    """A section with the reference, closed at first."""
    from chimerax.ui.widgets import Citation
    from Qt.QtWidgets import QLabel

    section = Section("How to cite")
    citation = Citation(
        session, _CITATION, prefix="Publications with these models should cite:",
        url=_DOI, image=False,
    )  # fmt: skip
    for label in citation.findChildren(QLabel):
        label.setWordWrap(True)
        label.setMinimumWidth(1)
    section.body.addWidget(citation)
    return section
