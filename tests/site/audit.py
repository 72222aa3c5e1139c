"""What axe-core says about an open page: the rules of WCAG 2.2, levels A and AA."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules whose answer depends on the colours
RUN = """
async (runOnly) => {
  const { violations } = await axe.run({ runOnly, resultTypes: ["violations"], preload: false });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
    [id, target.flat().join(" "), [...any, ...all, ...none].map((test) => test.message).join("; ")]
  ));
}
"""


def violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """Each violation as one line: rule, element, and what is wrong with it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": COLOURS} if colours_only else {"type": "tag", "values": ALL}
    return [" | ".join(found) for found in page.evaluate(RUN, only)]
