import json
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from api.notices.mail import Folder, Smtp
from api.notices.port import ChannelAway, Letter, LetterPostponed, LetterRefused
from api.notices.sms import AliyunSms, signed
from api.notices.wechat import WeChatTemplates
from tests.notices.doors import OPENID, MailServer, Vendor, mail_server, vendor

SENDER = "Counterflow <orders@counterflow.example>"
LETTER = Letter(
    id="5b0c0a52-3f0e-5d39-9f0a-0d0a6b4c9a51",
    to="lin@example.com",
    language="zh",
    about="CF-000001",
    subject="已收到 CF-000001 的付款 ¥200.00",
    text="Lin Yue:\n\n您的付款已到账。\n",
    link="http://testserver/o/abc",
)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def door() -> Iterator[Vendor]:
    with vendor() as running:
        yield running


def test_a_letter_reaches_the_mail_server_as_it_was_written(mail: MailServer) -> None:
    Smtp(mail.url, SENDER).send(LETTER)
    (received,) = mail.received
    assert (received["From"], received["To"], received["Subject"]) == (SENDER, LETTER.to, LETTER.subject)
    assert received["Content-Language"] == "zh-Hans"
    assert received.get_payload(decode=True).decode().replace("\r\n", "\n") == LETTER.text
    assert received["List-Unsubscribe"] is None


def test_a_letter_sent_twice_carries_the_same_message_id(mail: MailServer) -> None:
    door = Smtp(mail.url, SENDER)
    door.send(LETTER)
    door.send(LETTER)
    assert [one["Message-ID"] for one in mail.received] == [f"<{LETTER.id}@counterflow.example>"] * 2


def test_a_letter_that_may_be_declined_says_where(mail: MailServer) -> None:
    Smtp(mail.url, SENDER).send(replace(LETTER, leave_link="http://testserver/waiting/abc"))
    assert mail.received[0]["List-Unsubscribe"] == "<http://testserver/waiting/abc>"


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [("550 5.1.1 no such user", LetterRefused), ("450 4.2.1 the mailbox is busy", LetterPostponed)],
)
def test_a_letter_is_refused_for_good_or_for_now_as_the_mail_server_says(
    mail: MailServer, answer: str, meaning: type[Exception]
) -> None:
    mail.answers[LETTER.to] = answer
    with pytest.raises(meaning, match=answer):
        Smtp(mail.url, SENDER).send(LETTER)


def test_a_mail_server_that_refuses_us_counts_as_away(mail: MailServer) -> None:
    with pytest.raises(ChannelAway):
        Smtp(f"smtp://us:wrong@127.0.0.1:{mail.port}", SENDER).send(LETTER)


def test_a_mail_server_that_does_not_answer_is_away(nowhere: str) -> None:
    with pytest.raises(ChannelAway):
        Smtp(nowhere.replace("http", "smtp"), SENDER).send(LETTER)


def test_letters_are_files_that_mail_programs_open_where_there_is_no_server(tmp_path: Path) -> None:
    door = Folder(tmp_path / "mail", SENDER)
    door.send(LETTER)
    door.send(LETTER)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == f"{LETTER.id}.eml"
    assert message_from_bytes(file.read_bytes(), policy=default)["Subject"] == LETTER.subject


def test_requests_are_signed_as_in_the_vendors_own_example() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    authorization = signed(headers, query, key_id="YourAccessKeyId", key_secret="YourAccessKeySecret")  # noqa: S106 - the vendor's
    assert authorization.endswith("06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def test_a_text_message_carries_the_template_of_its_language_and_three_values(door: Vendor) -> None:
    AliyunSms(door.sms_url).send(replace(LETTER, to="+8613800000000"))
    ((_, query, _),) = door.asked
    assert (query["PhoneNumbers"], query["TemplateCode"], query["OutId"]) == (
        "13800000000",
        "SMS_1",
        LETTER.id,
    )
    assert json.loads(query["TemplateParam"]) == {
        "number": LETTER.about,
        "subject": LETTER.subject,
        "link": LETTER.link,
    }


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", LetterRefused),
        ("isv.BUSINESS_LIMIT_CONTROL", LetterPostponed),
        ("isv.AMOUNT_NOT_ENOUGH", ChannelAway),
    ],
)
def test_what_the_text_message_vendor_answers_says_who_has_to_act(
    door: Vendor, code: str, meaning: type[Exception]
) -> None:
    door.answers = [{"Code": code, "Message": "no"}]
    with pytest.raises(meaning, match=code):
        AliyunSms(door.sms_url).send(LETTER)


def test_a_wrong_secret_of_ours_is_no_fault_of_the_letter(door: Vendor) -> None:
    with pytest.raises(ChannelAway, match="SignatureDoesNotMatch"):
        AliyunSms(door.sms_url.replace("key%20secret", "another")).send(LETTER)


def test_a_template_message_names_its_reader_and_marks_a_repeat(door: Vendor) -> None:
    account = WeChatTemplates(door.wechat_url)
    account.send(replace(LETTER, to=OPENID))
    account.send(replace(LETTER, to=OPENID))
    token, first, second = door.asked
    assert token[2] == {"grant_type": "client_credential", "appid": "wx1", "secret": "shh"}
    assert (first[2]["touser"], first[2]["template_id"]) == (OPENID, "T1")
    assert first[2]["client_msg_id"] == second[2]["client_msg_id"] == LETTER.id


def test_an_access_token_that_is_over_is_asked_for_again(door: Vendor) -> None:
    account = WeChatTemplates(door.wechat_url)
    account.send(LETTER)
    door.token = 7
    account.send(LETTER)
    assert [path.rpartition("/")[2] for path, _, _ in door.asked] == [
        "stable_token",
        "send",
        "send",
        "stable_token",
        "send",
    ]


@pytest.mark.parametrize(
    ("code", "meaning"), [(43004, LetterRefused), (-1, LetterPostponed), (48001, ChannelAway)]
)
def test_what_wechat_answers_says_who_has_to_act(door: Vendor, code: int, meaning: type[Exception]) -> None:
    door.answers = [{"errcode": code, "errmsg": "no"}]
    with pytest.raises(meaning, match=str(code)):
        WeChatTemplates(door.wechat_url).send(LETTER)


def test_vendors_that_do_not_answer_are_away(nowhere: str) -> None:
    with pytest.raises(ChannelAway):
        AliyunSms(f"{nowhere}?sign=x&template_zh=y").send(LETTER)
    with pytest.raises(ChannelAway):
        WeChatTemplates(f"{nowhere}?template_zh=y").send(LETTER)
