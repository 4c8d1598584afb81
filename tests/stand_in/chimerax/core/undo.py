"""A stand-in, not ChimeraX: see ../../README.md."""


class UndoAction:
    def __init__(self, name, can_redo=True):
        self.name = name
        self.can_redo = can_redo


class Undo:
    """Two stacks of what was done."""

    def __init__(self):
        self.undo_stack = []
        self.redo_stack = []

    def register(self, action):
        self.undo_stack.append(action)
        self.redo_stack.clear()

    def deregister(self, action, delete_history=True):
        if action in self.undo_stack:
            place = self.undo_stack.index(action)
            del self.undo_stack[0 if delete_history else place : place + 1]

    def undo(self):
        action = self.undo_stack.pop()
        action.undo()
        self.redo_stack.append(action)

    def redo(self):
        action = self.redo_stack.pop()
        action.redo()
        self.undo_stack.append(action)
