from streams.evaluate.plans import Plan, all_names, shown
from streams.settings import load_settings

SECRET = "https://user:password@127.0.0.1"


def plan(*, full: bool = False, **changes: object) -> Plan:
    return Plan("name", load_settings(**changes), full)


def test_a_full_plan_asks_the_second_tier_about_all_that_can_be_unsure() -> None:
    full = plan(full=True)
    assert (full.asked.escalation_threshold, full.asked.escalation_cap) == (1.0, 1.0)
    assert full.settings.escalation_threshold == 0.65
    assert plan().asked is not full.asked
    assert plan().asked == plan().settings


def test_what_two_plans_differ_in_is_shown() -> None:
    plans = [plan(), plan(answer_attempts=5)]
    assert "answer_attempts" not in shown(plans[0], plans[:1])
    assert [shown(one, plans)["answer_attempts"] for one in plans] == [2, 5]


def test_other_categories_are_another_prompt() -> None:
    plans = [plan(), plan(categories="sales, support")]
    one, other = (shown(each, plans) for each in plans)
    assert one["prompt_version"] != other["prompt_version"]
    assert "categories" not in one
    names = ["billing", "technical", "product_feedback", "account", "sales", "support", "unknown"]
    assert all_names(plans) == names


def test_no_address_and_no_key_is_shown() -> None:
    plans = [plan(), plan(anthropic_api_key="secret", anthropic_base_url=SECRET)]
    assert "secret" not in str(shown(plans[1], plans))
    assert "password" not in str(shown(plans[1], plans))
