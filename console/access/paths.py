"""Where people sign in and out."""

from __future__ import annotations

SIGN_IN_PATH = "/sign-in"
SIGN_OUT_PATH = "/sign-out"
PROVIDER_PATH = "/sign-in/provider"
PROVIDER_CALLBACK_PATH = "/sign-in/callback"
PUBLIC_PATHS = frozenset({SIGN_IN_PATH, PROVIDER_PATH, PROVIDER_CALLBACK_PATH})
"""They need no session."""
