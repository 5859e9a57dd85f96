"""Every router of the API, in one place; all of them under ``/api/v1``."""

from __future__ import annotations

from fastapi import APIRouter

from web.access import sign_in_routes, user_routes

API = "/api/v1"

ROUTERS: tuple[APIRouter, ...] = (
    sign_in_routes.router,
    user_routes.router,
)
