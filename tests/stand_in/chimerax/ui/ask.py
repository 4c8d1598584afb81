"""A stand-in, not ChimeraX: see ../../README.md. The person says what ANSWERS holds."""

ANSWERS = []
ASKED = []


def ask(session, question, buttons, default):
    ASKED.append(question)
    return ANSWERS.pop(0) if ANSWERS else buttons[0]
