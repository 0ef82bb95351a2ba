"""Cancelling: by hand, by signal, from any thread."""

import os
import signal
import threading

import pytest

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.tasks import Cancelled, CancelToken, State, cancel_on_signals

needs_posix = pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process on Windows")


def test_token_stays_cancelled_and_says_so():
    token = CancelToken()
    token.raise_if_cancelled()
    assert not token.cancelled
    token.cancel()
    token.cancel()
    assert token.cancelled
    with pytest.raises(Cancelled):
        token.raise_if_cancelled()


def test_cancelled_is_an_error_with_the_shells_exit_code():
    assert issubclass(Cancelled, DicomSuiteError)
    assert Cancelled.exit_code == 128 + signal.SIGINT


@needs_posix
def test_first_interrupt_cancels_the_token_and_the_job_goes_on():
    token = CancelToken()
    with cancel_on_signals(token):
        os.kill(os.getpid(), signal.SIGINT)
        assert token.cancelled


@needs_posix
def test_second_interrupt_is_not_to_be_ignored():
    token = CancelToken()
    with pytest.raises(KeyboardInterrupt), cancel_on_signals(token):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()


@needs_posix
def test_request_to_end_stops_the_job_at_once():
    token = CancelToken()
    with pytest.raises(KeyboardInterrupt), cancel_on_signals(token):
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert token.cancelled


def test_former_handlers_come_back_even_after_an_error():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ZeroDivisionError), cancel_on_signals(CancelToken()):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] != before
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@needs_posix
def test_signal_that_the_environment_ignores_stays_ignored():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        token = CancelToken()
        with cancel_on_signals(token):
            os.kill(os.getpid(), signal.SIGINT)
        assert not token.cancelled
    finally:
        signal.signal(signal.SIGINT, former)


def test_off_the_main_thread_nothing_changes():
    handlers = []

    def work():
        with cancel_on_signals(CancelToken()):
            handlers.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [before]


def test_state_is_its_own_text():
    assert State("running") is State.RUNNING
    assert [state.value for state in State] == ["pending", "running", "success", "failed", "cancelled"]
