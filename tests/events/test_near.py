"""Names that may have been meant."""

import pytest

from workflow_events.events.near import did_you_mean, near

pytestmark = pytest.mark.any_database


def test_the_likest_come_first() -> None:
    known = ["post_send_invoice", "pre_send_invoice", "case_closed", "post_send_letter"]
    assert near("post_send_invoices", known) == known[:2] + known[3:]
    assert near("post_send_invoices", known, most=1) == known[:1]
    assert near("post_send_invoices", known, likeness=0.95) == known[:1]
    assert near("elephant", known) == []


def test_whatever_the_case() -> None:
    known = ["Payment", "payment", "PAID"]
    assert near("PAYMENTS", known, most=1) == ["Payment", "payment"]
    assert near("paid", known, most=1) == ["PAID"]


def test_as_a_question() -> None:
    assert did_you_mean("clark", ["Clerk"]) == "Did you mean 'Clerk'?"
    assert did_you_mean("saled", ["sales", "saved"]) == "Did you mean 'saved' or 'sales'?"
    assert did_you_mean("elephant", ["Clerk"]) == ""
