"""Candidate → confidence → selection → bracket, under the day's governor."""

from engine.decision.confidence import Basis, Check, Confidence, Filter, Outcome, assess
from engine.decision.decide import BucketDecision, Verdict, decide
from engine.decision.desk import DeskState
from engine.decision.exits import exit_deadline_ns, exit_due, trailing_stop
from engine.decision.governor.command_answer import (
    Declined,
    DeclineReason,
    Granted,
    Reach,
    answer,
    carried_out,
)
from engine.decision.governor.flatten import (
    FlattenStep,
    entry_cancel_due,
    flatness_due,
    flatten_step,
)
from engine.decision.governor.phase import entry_refusal, phase
from engine.decision.governor.standing_commands import StandingCommands, Underway
from engine.decision.governor.state import GovernorPhase, GovernorState, OpenTrade, evolve
from engine.decision.plan import plan_bracket
from engine.decision.refusal import RefusalReason, Refused

__all__ = [
    "Basis",
    "BucketDecision",
    "Check",
    "Confidence",
    "DeclineReason",
    "Declined",
    "DeskState",
    "Filter",
    "FlattenStep",
    "GovernorPhase",
    "GovernorState",
    "Granted",
    "OpenTrade",
    "Outcome",
    "Reach",
    "RefusalReason",
    "Refused",
    "StandingCommands",
    "Underway",
    "Verdict",
    "answer",
    "assess",
    "carried_out",
    "decide",
    "entry_cancel_due",
    "entry_refusal",
    "evolve",
    "exit_deadline_ns",
    "exit_due",
    "flatness_due",
    "flatten_step",
    "phase",
    "plan_bracket",
    "trailing_stop",
]
