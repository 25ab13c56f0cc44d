"""write: contracts and recipes -> the text of a pytest file that the user owns.

`builtin` writes with templates and needs no key and no network; `model` asks a language model for more.
`render` makes the text of a suite, `merge` keeps what the user has edited.
"""
