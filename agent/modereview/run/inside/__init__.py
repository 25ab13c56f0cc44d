"""What runs inside the sandbox: standard library, torch and pytest only, Python 3.9 or later.

The user's interpreter runs it, so it imports nothing else of the tool. A server imports torch once
and forks a child for each order; the child mirrors the project, runs tests or a function there, and answers
on a channel.
"""
