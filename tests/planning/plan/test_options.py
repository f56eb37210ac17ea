import pytest

from densebench.errors import InputError
from densebench.models.variants import VARIANTS
from densebench.planning.options import TrainOptions
from densebench.planning.plan.options import SPAN, parse_plan_options


def parse(**texts):
    return parse_plan_options(TrainOptions(), **texts)


def test_a_plan_without_options_has_the_usual_setting_and_two_minutes():
    options = parse()
    assert (options.batch_sizes, options.precisions, options.backends) == ((), ("float32",), ("tensorflow",))
    assert (options.seeds, options.within, options.limits, options.cost.word) == (1, 120.0, (), "time")


def test_several_of_a_setting_are_a_list_each_once():
    options = parse(precision="float32, mixed_bfloat16", backend="jax,torch,jax")
    assert (options.precisions, options.backends) == (("float32", "mixed_bfloat16"), ("jax", "torch"))


def test_seeds_are_how_many():
    assert [parse(seeds=text).seeds for text in ("5", "0-4", "3,7")] == [5, 5, 2]


def test_prices_are_numbers_with_or_without_a_currency():
    options = parse(price_per_kwh="0.30 €", price_per_hour="€1", watts=65.0)
    assert options.prices.per_kwh == 0.3
    assert (options.prices.per_hour, options.prices.currency, options.prices.watts) == (1.0, "€", 65.0)
    assert parse(price_per_hour=".5").prices.currency == ""
    assert parse(price_per_hour="2 EUR").prices.currency == "EUR"


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"precision": "float31"}, "Unknown precision 'float31'"),
        ({"backend": "jax,"}, "Unknown backend ''"),
        ({"seeds": "0"}, "--seeds 0 is no number of trainings"),
        ({"within": "0s"}, "--within 0s leaves no time to measure"),
        ({"within": "2GiB"}, "the unit does not fit"),
        ({"price_per_hour": "cheap"}, "--price-per-hour 'cheap' is no price"),
        ({"price_per_kwh": "-1"}, "--price-per-kwh '-1' is no price"),
        ({"price_per_kwh": "1,50"}, "is no price"),
        ({"price_per_kwh": "€1$"}, "is no price"),
        ({"price_per_hour": "1 €", "price_per_kwh": "$1"}, "give both in one currency"),
        ({"watts": 0.0}, "--watts 0 must be above 0"),
        ({"watts": float("nan")}, "--watts nan must be above 0"),
        ({"cost": "accuracy"}, "Unknown cost 'accuracy'"),
        ({"budget": "time"}, "is no limit"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_in_a_sentence(texts, sentence):
    with pytest.raises(InputError) as caught:
        parse(**texts)
    assert sentence.lower() in str(caught.value).lower()


def test_a_price_may_be_zero():
    assert parse(price_per_hour="0", cost="price").cost.word == "price"


def test_without_names_a_network_of_each_kind_is_planned():
    names = SPAN
    assert {VARIANTS[name].family for name in names} >= {"resnet", "densenet-bc", "wrn"}
    assert 4 <= len(names) <= 8
