"""The composition root: the only room that sees everything.

What is not always needed is imported inside the function that needs it, so that one question from the
command line starts fast.
"""
