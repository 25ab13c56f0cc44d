"""Attacks on the sandbox, and a program that tries them all as the user it is started by."""
