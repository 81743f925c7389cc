"""Counts what Python executes, by part: the same number at every run of the same interpreter.

Time a ticket takes depends on everything else that the machine does; the instructions it takes do
not. Two numbers for each part: *instructions* of Python's bytecode, and *native calls*, of
functions that are written in C. What a native call costs is not seen: benchmarks.parts times that.
"""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any, NamedTuple, Self

Function = Any
"""Of Python, with a ``__code__``; a coroutine function and a method, too."""


class Count(NamedTuple):
    """What one part took."""

    instructions: int = 0
    native_calls: int = 0


Tracer = Callable[[FrameType, str, Any], Any]


class Counting:
    """A context in which everything is counted that runs in this thread.

    ``parts`` are the functions with which each part begins: it has what they execute, and all that
    they call, up to where another part begins. What belongs to none is not counted.
    """

    def __init__(self, parts: Mapping[str, list[Function]]) -> None:
        self._instructions: Counter[str] = Counter()
        self._native_calls: Counter[str] = Counter()
        tracers = {name: self._tracer(name) for name in parts}
        self._begins: dict[CodeType, Tracer] = {
            _code(function): tracers[name] for name, all_ in parts.items() for function in all_
        }
        self._names: dict[Tracer, str] = {tracer: name for name, tracer in tracers.items()}

    @property
    def found(self) -> dict[str, Count]:
        """By part."""
        return {
            name: Count(self._instructions[name], self._native_calls[name])
            for name in self._names.values()
        }

    def __enter__(self) -> Self:
        gc.collect()
        gc.disable()  # it would come at any time, and what it frees may have something to say
        sys.setprofile(self._profile)
        sys.settrace(self._entered)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)
        gc.enable()

    def _tracer(self, name: str) -> Tracer:
        instructions = self._instructions

        def tracer(_: FrameType, event: str, __: Any) -> Tracer:
            if event == "opcode":
                instructions[name] += 1
            return tracer

        return tracer

    def _entered(self, frame: FrameType, _: str, __: Any) -> Tracer | None:
        """A function is called, or a coroutine goes on: for whom?"""
        tracer = self._begins.get(frame.f_code)
        if tracer is None and frame.f_back is not None:
            tracer = frame.f_back.f_trace
        if tracer is None or tracer not in self._names:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return tracer

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "c_call" and frame.f_trace is not None:
            name = self._names.get(frame.f_trace)
            if name is not None:
                self._native_calls[name] += 1


def _code(function: Function) -> CodeType:
    code = function.__code__
    assert isinstance(code, CodeType)
    return code
