"""The kinds of jobs, each a list of stages, and the one way in which they all run.

Only this package knows which stage follows which. `build`, `score`, `rebuild` and `fit` hold a kind
of job each; `stages` holds the stages that they are made of. Importing the package imports nothing
else, so that light modules, such as `description`, load no stage.
"""
