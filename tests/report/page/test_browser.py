"""The page in Chromium without a network: figures, table, filter, details and themes work, and nothing of users is run."""

import json
import shutil
from contextlib import contextmanager

import pytest
from study_files import written
from study_tables import run, study_of_rates, trials
from waiting import wait_until

from sweepgd.report.page import study_page, write_html

selenium = pytest.importorskip("selenium")
pytestmark = pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs chromium and chromedriver")
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--host-resolver-rules=MAP * ~NOTFOUND")
HOSTILE = "<img src=x onerror=alert(1)>"


@contextmanager
def browser():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def requests(driver):
    """Return the addresses that the browser asked for since the last call."""
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]


def drawn(driver):
    """Return the numbers of drawn and of all figures."""
    boxes = "document.querySelectorAll('figure .chart"
    return driver.execute_script(f"return [{boxes} svg').length, {boxes}').length]")


def test_a_page_works_offline_and_runs_nothing_of_users(tmp_path):
    table, points = study_of_rates()
    hostile = [
        run(40 + t, 1.0 + t, optimizer=HOSTILE, learning_rate=0.1, batch_size=8 << t, message="</script>") for t in range(4)
    ]
    study = written(tmp_path / "study", f"name = '{HOSTILE}'\n", trials=trials(*table.to_pylist(), *hostile), curves=points)
    write_html(study_page(study), tmp_path / "page.html")
    with browser() as driver:
        driver.get((tmp_path / "page.html").as_uri())
        wait_until(lambda: len(set(drawn(driver))) == 1)
        assert drawn(driver)[0] > 5
        call = driver.execute_script
        rows = "[...document.querySelectorAll('#trial-table tbody tr')]"

        def cells(column):
            return call(f"return {rows}.map(row => row.cells[{column}].textContent)")

        def write(text):
            call("filter = document.getElementById('filter'); filter.value = arguments[0];", text)
            call("filter.dispatchEvent(new Event('input'))")

        assert call("return document.querySelector('h1').textContent") == HOSTILE
        write("optimizer=sgd batch_size>=128")
        assert len(cells(0)) == 10
        assert set(cells(2)) == {"sgd"}
        assert call("return document.querySelectorAll('#parallel-lines path:not(.hidden)').length") == 10
        call("document.querySelectorAll('#trial-table th button')[0].click()")
        assert [int(trial) for trial in cells(0)] == sorted(int(trial) for trial in cells(0))
        assert call("return document.querySelector('#trial-table th').ariaSort") == "ascending"
        call(f"{rows}[0].cells[0].querySelector('button').click()")
        wait_until(lambda: call("return document.querySelectorAll('#details[open] svg').length") == 1)
        assert call("return document.getElementById('details-title').textContent") == f"Trial {cells(0)[0]}"
        call("document.getElementById('close').click()")
        write("diverged")
        assert len(cells(0)) == 9
        write("rate<0.01 diverged")
        count = call("return document.getElementById('count').textContent")
        assert count.startswith("9 of 44 trials; there is no column rate, only trial, status, optimizer, schedule, batch_size")
        titles = call("return [...document.querySelectorAll('#trial-table th')].map(head => head.title)")
        assert titles[:5] == ["trial", "status", "optimizer", "schedule", "batch_size"]
        write("")
        brush(driver)
        assert call("return document.getElementById('filter').value").startswith("learning_rate>=")
        assert 0 < len(cells(0)) < 44
        light = call("return getComputedStyle(document.body).backgroundColor")
        call("document.getElementById('theme').click()")
        assert call("return getComputedStyle(document.body).backgroundColor") != light
        call("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        wait_until(lambda: call("return document.querySelectorAll('details.numbers table').length") > 5)
        assert call("return document.querySelectorAll('img').length") == 0
        assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
        assert {address.partition(":")[0] for address in requests(driver)} <= {"file", "data", "blob"}


def brush(driver):
    """Drag along the upper half of the axis of the learning rates."""
    from selenium.webdriver import ActionChains

    names = driver.execute_script("return [...document.querySelectorAll('#parallel-lines text.name')].map(n => n.textContent)")
    axis = driver.execute_script(
        "const grip = document.querySelectorAll('#parallel-lines rect.catch')[arguments[0]];"
        "grip.scrollIntoView({block: 'center'}); return grip;",
        names.index("learning rate"),
    )
    actions = ActionChains(driver, duration=50)
    actions.move_to_element(axis).click_and_hold().move_by_offset(0, -100).release().perform()
