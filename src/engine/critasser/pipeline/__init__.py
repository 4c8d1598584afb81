"""The kinds of jobs, each a list of stages, and the one way in which they all run.

Only here is known which stage follows which. `build`, `score` and `rebuild` hold a kind of job
each; `stages` holds what they are made of. Nothing is imported with this package itself, so that
what is light, such as `description`, can be had without loading any stage.
"""
