/* Tables and rows of tabs that are wider than their page can be scrolled: by the keyboard too. */
const reach = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
addEventListener("load", () => {
  const wide = document.querySelectorAll(
    ".md-typeset__scrollwrap, .tabbed-labels, p:has(> img[src$='verdict.svg'])",
  );
  wide.forEach((box) => reach.observe(box));
});

/* Where a page says ADDRESS, it means the link to the project; names below example.org belong to nobody. */
const project = document.querySelector("a.md-source");
if (project && !/\.example\.org$/.test(project.hostname)) {
  for (const code of document.querySelectorAll("article code")) {
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (/\bADDRESS\b/.test(text.data) && code.textContent.includes("git clone")) {
        text.data = text.data.replace("ADDRESS", project.href);
      }
    }
  }
}
