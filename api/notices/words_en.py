"""What notices say in English."""

from api.domain.notice import NoticeKind
from api.notices.wording import Ending, If, Tongue, Wording

_BACK = If("amount_minor", "{amount_minor} goes back the way it came. We tell you when it has left.")
_KEPT = If("kept_minor", "By the terms of the deposit {kept_minor} is not paid back.")
_MORE = If("compensation_minor", "Of this {compensation_minor} is for the deposit that we return twofold.")
_REASON = If("reason", "{reason}")

ENGLISH = Tongue(
    greeting="Hello {name},",
    parting="Pre-order {number}: {link}",
    choosing="How we write to you: {choose_link}",
    leaving="No longer wanted? {leave_link}",
    phrases={
        "case": {
            "late": "Your payment arrived when it could no longer count.",
            "double": "You paid when nothing was owed any more.",
            "too_much": "You paid more than was owed.",
        },
        "reason": {
            Ending.NOT_PAID: "It was not paid before the campaign closed.",
            Ending.BALANCE_MISSING: "The balance was not paid in time.",
            Ending.GROUP_NOT_WHOLE: "Your group was not complete when the campaign closed.",
            Ending.COLOUR_NOT_MADE: "Too few people wanted this colour, so it is not made.",
            Ending.TOO_FEW: "Too few people ordered, so the campaign does not go ahead.",
            Ending.STEPPED_BACK: "You stepped back from it.",
            Ending.PERIOD_OVER: "The last day you set has passed.",
            Ending.NO_ANSWER: "We had no answer to the delay.",
        },
        "choices": {
            "wait": "- You may wait for the new day.",
            "cancel": "- You may cancel and get everything back.",
            "set_period": "- You may set a last day; if we miss it you get everything back.",
        },
        "silence": {
            "consent": "If you do not answer, the new day counts as agreed.",
            "refund": "If you do not answer, we cancel and pay everything back.",
            "stands": "If you do not answer, the promise and your rights stay as they are.",
        },
    },
    kinds={
        NoticeKind.PAID: Wording(
            "We have received {amount_minor} for {number}",
            (
                "Your payment of {amount_minor} for {style} has arrived. You are in.",
                "If the campaign goes ahead we plan to ship between these days: {promise}.",
            ),
        ),
        NoticeKind.PAYMENT_FAILED: Wording(
            "The payment for {number} did not go through",
            (
                "We could not collect {amount_minor} for {style}. Nothing was taken.",
                "Please open your pre-order and pay another way, so that your place is kept.",
            ),
        ),
        NoticeKind.CONFIRMED: Wording(
            "{style} goes ahead: {number} is confirmed",
            (
                "The campaign has closed and {style} will be made.",
                "Each piece costs {price_minor}, the same for everyone; your order comes to {amount_minor}.",
                "What you paid beyond that goes back the way it came.",
                "We plan to ship between these days: {promise}.",
            ),
        ),
        NoticeKind.BALANCE_DUE: Wording(
            "Please pay {amount_minor} for {number}",
            (
                "{style} goes ahead if the balances come in. Yours is {amount_minor}.",
                "Please pay it within {days} days, on the page of your pre-order.",
            ),
        ),
        NoticeKind.ENDED: Wording(
            "{number} has ended", ("Your pre-order of {style} has ended.", _REASON, _BACK, _MORE, _KEPT)
        ),
        NoticeKind.SURPLUS: Wording(
            "{amount_minor} goes back to you ({number})",
            (
                If("case", "{case}"),
                "The {amount_minor} you paid for {style} goes back the way it came.",
            ),
        ),
        NoticeKind.REFUNDED: Wording(
            "{amount_minor} has been paid back ({number})",
            ("We have paid back {amount_minor} for {style}. Your bank may take some days to show it.",),
        ),
        NoticeKind.TAKEN_AT_CONSENT: Wording(
            "{number}: {to_sku} instead of {from_sku}",
            (
                "You allowed another choice of {style}, and it saved the campaign.",
                "Of {from_sku}, {pieces} will be {to_sku}.",
            ),
        ),
        NoticeKind.CHANGED: Wording(
            "{number} has been changed",
            ("Your pre-order of {style} was changed as you asked. Its page shows what it is now.",),
        ),
        NoticeKind.EXTENDED: Wording(
            "{style} stays open until {closes_at}",
            (
                "The campaign of {style} lasts longer than when you joined: until {closes_at}.",
                "Until then you may leave it on the page of your pre-order and get everything back.",
            ),
        ),
        NoticeKind.DATED: Wording(
            "{number} will be with you by {expected_on}",
            ("{style} has its place in production. We expect it with you by {expected_on}.",),
        ),
        NoticeKind.DELAYED: Wording(
            "{number} will be late",
            (
                "We promised {style} by {old_by_on}, and cannot keep that. We are sorry.",
                If("new_on", "We now expect it by {new_on}.", "We do not know the new day yet."),
                "Please tell us by {answer_by}, on the page of your pre-order, what you want:\n{choices}",
                "{silence}",
            ),
        ),
        NoticeKind.IN_TIME_AGAIN: Wording(
            "{number} is in time after all",
            (
                "{style} will come by {by_on} as promised: we expect it by {expected_on}.",
                "You need not answer our last letter.",
            ),
        ),
        NoticeKind.PROMISE_REVISED: Wording(
            "{number}: the new promise is {by_on}",
            ("We now promise {style} by {by_on}.",),
        ),
        NoticeKind.PERIOD_SET: Wording(
            "{number}: you get everything back unless it leaves by {until}",
            ("You have set {until} as the last day for {style}. If we miss it we pay everything back.",),
        ),
        NoticeKind.WITHDRAWN: Wording(
            "Receipt: you have withdrawn from {number}",
            ("On {told_at} we received your withdrawal from the pre-order of {style}.", _BACK, _KEPT),
        ),
        NoticeKind.WAITING_OFFER: Wording(
            "{style}: {pieces} of {sku} are yours until {offered_until}",
            (
                "Pieces of {style} became free, and you are next: {pieces} of {sku}.",
                "They are kept for you until {offered_until}. After that they go to the next person.",
            ),
        ),
    },
)
