"""What notices say in Chinese."""

from api.domain.notice import NoticeKind
from api.notices.wording import Ending, If, Tongue, Wording

_BACK = If("amount_minor", "{amount_minor}将原路退回，退出时会再通知您。")
_KEPT = If("kept_minor", "按定金约定，{kept_minor}不予退还。")
_MORE = If("compensation_minor", "其中{compensation_minor}为双倍返还定金的部分。")
_REASON = If("reason", "{reason}")

CHINESE = Tongue(
    greeting="{name}，您好：",
    parting="预订单 {number}：{link}",
    choosing="通知方式：{choose_link}",
    leaving="不再需要：{leave_link}",
    phrases={
        "case": {
            "late": "您的付款到账时已经不能计入。",
            "double": "您付款时已无应付款项。",
            "too_much": "您支付的金额超出了应付金额。",
        },
        "reason": {
            Ending.NOT_PAID: "截止前未收到付款。",
            Ending.BALANCE_MISSING: "尾款未按时支付。",
            Ending.GROUP_NOT_WHOLE: "截止时您的团还没有凑齐。",
            Ending.COLOUR_NOT_MADE: "这个颜色预订的人太少，不再制作。",
            Ending.TOO_FEW: "预订的人太少，活动没有成立。",
            Ending.STEPPED_BACK: "您选择了取消。",
            Ending.PERIOD_OVER: "您设定的最后日期已过。",
            Ending.NO_ANSWER: "我们没有收到您对延期的答复。",
        },
        "choices": {
            "wait": "· 等到新的日期；",
            "cancel": "· 取消并全额退款；",
            "set_period": "· 设定一个最后日期，逾期全额退款。",
        },
        "silence": {
            "consent": "如未答复，视为同意新的日期。",
            "refund": "如未答复，我们将取消并全额退款。",
            "stands": "如未答复，原承诺和您的权利不变。",
        },
    },
    kinds={
        NoticeKind.PAID: Wording(
            "已收到 {number} 的付款 {amount_minor}",
            (
                "您为「{style}」支付的{amount_minor}已到账，预订成功。",
                "活动成立后，预计发货时间：{promise}。",
            ),
        ),
        NoticeKind.PAYMENT_FAILED: Wording(
            "{number} 的付款没有成功",
            (
                "「{style}」的{amount_minor}没有扣款成功，您的钱没有被扣走。",
                "请打开预订单换一种方式支付，以保留您的名额。",
            ),
        ),
        NoticeKind.CONFIRMED: Wording(
            "「{style}」成立：{number} 已确认",
            (
                "活动已截止，「{style}」将开始制作。成交价每件{price_minor}，人人相同；您的订单共{amount_minor}。",
                "多付的部分将原路退回。",
                "预计发货时间：{promise}。",
            ),
        ),
        NoticeKind.BALANCE_DUE: Wording(
            "请支付 {number} 的尾款 {amount_minor}",
            (
                "尾款到齐后「{style}」即可开始制作，您的尾款是{amount_minor}。",
                "请在{days}天内到预订单页面支付。",
            ),
        ),
        NoticeKind.ENDED: Wording(
            "{number} 已结束", ("您预订的「{style}」已结束。", _REASON, _BACK, _MORE, _KEPT)
        ),
        NoticeKind.SURPLUS: Wording(
            "{amount_minor}将退还给您（{number}）",
            (If("case", "{case}"), "您为「{style}」支付的{amount_minor}将原路退回。"),
        ),
        NoticeKind.REFUNDED: Wording(
            "已退款 {amount_minor}（{number}）",
            ("「{style}」的{amount_minor}已退回。银行到账可能需要几天。",),
        ),
        NoticeKind.TAKEN_AT_CONSENT: Wording(
            "{number}：{from_sku} 改为 {to_sku}",
            ("您允许「{style}」换一种选择，活动因此成立：{pieces}件{from_sku}将改为{to_sku}。",),
        ),
        NoticeKind.CHANGED: Wording(
            "{number} 已修改", ("您预订的「{style}」已按您的要求修改，预订单页面显示最新内容。",)
        ),
        NoticeKind.EXTENDED: Wording(
            "「{style}」延长至{closes_at}",
            (
                "「{style}」的活动比您参加时更长：延长至{closes_at}。",
                "在此之前，您可以在预订单页面退出并获得全额退款。",
            ),
        ),
        NoticeKind.DATED: Wording(
            "{number} 预计{expected_on}前送达",
            ("「{style}」已排产，预计{expected_on}前送到您手中。",),
        ),
        NoticeKind.DELAYED: Wording(
            "{number} 将会延期",
            (
                "我们承诺「{style}」在{old_by_on}前发出，现在做不到了，非常抱歉。",
                If("new_on", "现在预计{new_on}前完成。", "新的日期还不能确定。"),
                "请在{answer_by}前到预订单页面告诉我们您的选择：\n{choices}",
                "{silence}",
            ),
        ),
        NoticeKind.IN_TIME_AGAIN: Wording(
            "{number} 可以按时完成",
            ("「{style}」仍能在承诺的{by_on}前送达，预计{expected_on}。上一封通知无需答复。",),
        ),
        NoticeKind.PROMISE_REVISED: Wording(
            "{number}：新的承诺日期是{by_on}",
            ("我们现在承诺「{style}」在{by_on}前完成。",),
        ),
        NoticeKind.PERIOD_SET: Wording(
            "{number}：{until}前未发出将全额退款",
            ("您为「{style}」设定的最后日期是{until}，逾期我们将全额退款。",),
        ),
        NoticeKind.WITHDRAWN: Wording(
            "回执：您已撤回 {number}",
            ("我们于{told_at}收到您对「{style}」预订单的撤回。", _BACK, _KEPT),
        ),
        NoticeKind.WAITING_OFFER: Wording(
            "「{style}」：{pieces}件{sku}为您保留到{offered_until}",
            (
                "「{style}」有名额空出，轮到您了：{pieces}件{sku}。",
                "为您保留到{offered_until}，过后将让给下一位。",
            ),
        ),
    },
)
