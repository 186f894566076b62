"""Beam as a job of ours has it: what it asks again and again is remembered, and stays right."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import apache_beam as beam
import pytest
from apache_beam.coders import VarIntCoder
from apache_beam.options.pipeline_options import DirectOptions, StandardOptions
from apache_beam.transforms import core, userstate
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, is_stateful_dofn

from ferbeam.runners.quick_beam import QuickOptions, remember_steps


class Plain(beam.DoFn):
    """A step."""

    def process(self, element: int) -> Iterator[int]:
        yield element


class Stateful(beam.DoFn):
    """A step with a state, which Beam knows by the defaults of its arguments."""

    def process(
        self,
        element: tuple[int, int],
        state: object = beam.DoFn.StateParam(ReadModifyWriteStateSpec("state", VarIntCoder())),
    ) -> Iterator[int]:
        yield element[1]


def test_views_share_their_values_and_a_copy_has_its_own() -> None:
    options = QuickOptions(["--direct_num_workers=3", "--unknown=1"])
    assert options.view_as(DirectOptions) is options.view_as(DirectOptions)
    assert options.view_as(DirectOptions).direct_num_workers == 3
    other = copy.deepcopy(options)
    other.view_as(DirectOptions).direct_num_workers = 4
    options.view_as(DirectOptions).view_as(StandardOptions).runner = "FnApiRunner"
    assert options.view_as(StandardOptions).runner == "FnApiRunner"
    assert options.view_as(DirectOptions).direct_num_workers == 3
    assert other.view_as(StandardOptions).runner is None


def test_beam_looks_up_the_arguments_of_a_method_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ask = list[object](), core.get_function_args_defaults

    def look_up(method: object) -> object:
        asked.append(method)
        return ask(method)

    monkeypatch.setattr(core, "get_function_args_defaults", look_up)
    monkeypatch.setattr(userstate, "get_dofn_specs", userstate.get_dofn_specs)
    remember_steps()
    steps = [Plain(), Plain()]
    for _ in range(2):
        assert not any(map(is_stateful_dofn, steps))
        assert is_stateful_dofn(Stateful())
        assert core.get_function_arguments(steps[0], "process") == (["element"], [])
    assert asked.count(steps[0].process) == 1
    assert steps[1].process not in asked
