"""The training loop: a network, a source of examples, a budget of time or steps, and a state to go on from."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.torch_muon import Muon
from DicomSuiteSuperResLib.torch_network import ResidualUpsampler
from DicomSuiteSuperResLib.training_examples import ExampleSource

BATCH = 2
"""Examples a step. Many small steps learn most in a given time; with one alone, torch convolves four times slower."""
LEARNING_RATE = 0.008
WARM_UP_STEPS = 50


@dataclass(frozen=True)
class Budget:
    """How long to train: for some time (seconds), or, so that a run can be repeated exactly, for some steps."""

    seconds: float = math.inf
    steps: float = math.inf

    def spent(self, seconds: float, steps: int) -> float:
        """The part of the budget that is used up; from 1 on, training ends."""
        return max(seconds / self.seconds, steps / self.steps)


@dataclass(frozen=True, eq=False)
class _Examples:
    """What a step learns from, and the state of the generator once they were drawn."""

    factor: int
    coarse: NDArray[np.float32]
    missing: NDArray[np.float32]
    state_after: Mapping[str, Any]


class Training:
    """A training run that can be written to a file after any step and taken up again.

    Parameters
    ----------
    network : what is trained, on `device`
    source : where examples come from; its generator also decides which factor is next
    chances : how often each factor is trained; they sum up to 1
    device : where it runs
    fingerprint : a digest of all besides the network that shapes the training; one with another is not gone on with
    """

    def __init__(
        self,
        network: ResidualUpsampler,
        source: ExampleSource,
        chances: dict[int, float],
        device: torch.device,
        fingerprint: str,
    ) -> None:
        self._network = network.to(device, memory_format=torch.channels_last_3d).train()
        self._source = source
        self._chances = chances
        self._device = device
        self._fingerprint = fingerprint
        self._optimiser = Muon(network.parameters(), LEARNING_RATE)
        self._generator_state = source.generator.bit_generator.state
        self.steps = 0
        self.seconds = 0.0

    def run(self, budget: Budget, on_step: Callable[[float], None], token: CancelToken) -> None:
        """Train until the budget is spent; `on_step` gets the part spent. Raises Cancelled if `token` says so."""
        began = time.monotonic() - self.seconds
        with ThreadPoolExecutor(max_workers=1) as pool:
            upcoming = pool.submit(self._draw)
            while (spent := budget.spent(self.seconds, self.steps)) < 1:
                token.raise_if_cancelled()
                examples = upcoming.result()
                upcoming = pool.submit(self._draw)
                self._step(examples, spent)
                self._generator_state = examples.state_after
                self.steps += 1
                self.seconds = time.monotonic() - began
                on_step(min(budget.spent(self.seconds, self.steps), 1.0))

    def save(self, path: Path) -> None:
        """Write all that is needed to go on."""
        state = {
            "fingerprint": self._fingerprint,
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "generator": json.dumps(self._generator_state),
            "steps": self.steps,
            "seconds": self.seconds,
        }
        with output_file(path) as partial:
            torch.save(state, partial)

    def resume(self, path: Path) -> None:
        """Go on from what `save` wrote.

        Raises
        ------
        ModelError
            If the file is damaged, or from a training of another network, or with other subjects or settings.
        """
        try:
            state = torch.load(path, map_location=self._device, weights_only=True)
            is_same = state["fingerprint"] == self._fingerprint
            if is_same:
                self._take(state)
        except Exception as error:  # a damaged file can raise anything
            raise ModelError(f"{path} is no state of a training, or damaged; remove it to begin anew.") from error
        if not is_same:
            raise ModelError(
                f"{path} is from a training with other volumes, subjects held out, factors or seed; repeat the command "
                "as it was, or remove the file to begin anew."
            )

    def _take(self, state: Mapping[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._generator_state = json.loads(state["generator"])
        self._source.generator.bit_generator.state = self._generator_state
        self.steps, self.seconds = int(state["steps"]), float(state["seconds"])

    def _draw(self) -> _Examples:
        factors = list(self._chances)
        factor = int(self._source.generator.choice(factors, p=[self._chances[factor] for factor in factors]))
        coarse, missing = self._source.batch(factor, BATCH)
        return _Examples(factor, coarse, missing, self._source.generator.bit_generator.state)

    def _step(self, examples: _Examples, spent: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate(spent)
        error = self._network(self._tensor(examples.coarse), examples.factor) - self._tensor(examples.missing)
        loss = error.square().mean()
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()

    def _learning_rate(self, spent: float) -> float:
        """It rises within the first steps, then falls evenly to 0, where most is learned."""
        return LEARNING_RATE * (1 - spent) * min(1.0, (self.steps + 1) / WARM_UP_STEPS)

    def _tensor(self, values: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)
