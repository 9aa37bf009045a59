"""Where people sign in and out."""

from __future__ import annotations

SIGN_IN_PATH = "/sign-in"
SIGN_OUT_PATH = "/sign-out"
