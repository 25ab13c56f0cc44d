"""The pull-request bot: event in, review comments out.

Two halves that never share a job. `review` runs where the pull request's code runs, holds no token that can
write, and leaves a file, the *handover*. `post` runs none of that code, reads the handover as something a
stranger wrote, and speaks on the pull request. In between, `decide` is pure: what was found, the diff and
what was said before go in, what to say comes out.
"""
