"""What every server of ours is behind: one guard, its limits, and how numbers are read."""

from engine.domain.outside_text import exact, sentence, shown, whole
from serving.control_token import NOT_YOURS, ControlToken, control_headers
from serving.direct_socket import DirectSocket
from serving.guard import Guard
from serving.listening import listening
from serving.policy import Limits, Policy
from serving.protocols import TRANSPORT, GuardedHttp, GuardedWebSockets
from serving.served import served
from serving.server_config import GuardedConfig
from serving.strict_json import StrictJsonError, strict_object
from serving.visitors import admit

__all__ = [
    "NOT_YOURS",
    "TRANSPORT",
    "ControlToken",
    "DirectSocket",
    "Guard",
    "GuardedConfig",
    "GuardedHttp",
    "GuardedWebSockets",
    "Limits",
    "Policy",
    "StrictJsonError",
    "admit",
    "control_headers",
    "exact",
    "listening",
    "sentence",
    "served",
    "shown",
    "strict_object",
    "whole",
]
