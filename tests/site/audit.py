"""What axe-core says about an open page: the rules of WCAG 2.2, levels A and AA."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules whose answer depends on the colours
# The rules about colours take most of the time, and say the same about words that look the same.
# So they see one element of each kind: alike in colour, size, weight and underline, and in the
# colours of all that lies behind it. All other rules see the whole page.
RUN = """
async ([tags, colours, coloursOnly]) => {
  const CLEAR = "rgba(0, 0, 0, 0),none,1";
  const kinds = new Map();
  const behind = new Map([[document.documentElement, ""]]);
  const ground = (element) => {
    if (!behind.has(element)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity].join();
      const below = ground(element.parentElement);
      behind.set(element, own === CLEAR ? below : below + own);
    }
    return behind.get(element);
  };
  for (const element of document.body.querySelectorAll("*")) {
    const words = [...element.childNodes].some((node) =>
      node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!words || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const around = getComputedStyle(element.parentElement).color;
    const kind = [element.tagName, style.color, style.fontSize, style.fontWeight, style.textShadow,
      style.textDecorationLine, around, ground(element)].join();
    if (!kinds.has(kind)) kinds.set(kind, element);
  }
  const options = { resultTypes: ["violations"], preload: false };
  const runs = [[{ include: [...kinds.values()] }, { ...options, runOnly: colours }]];
  if (!coloursOnly) {
    const rules = Object.fromEntries(colours.map((id) => [id, { enabled: false }]));
    runs.push([document, { ...options, runOnly: tags, rules }]);
  }
  const found = [];
  for (const [context, how] of runs) found.push(...(await axe.run(context, how)).violations);
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
    [id, target.flat().join(" "), [...any, ...all, ...none].map((test) => test.message).join("; ")]
  ));
}
"""


def violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """Each violation as one line: rule, element, and what is wrong with it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [" | ".join(found) for found in page.evaluate(RUN, [TAGS, COLOURS, colours_only])]
