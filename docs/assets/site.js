/* Tables and rows of tabs that are wider than their page can be scrolled: by the keyboard too. */
const reach = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
addEventListener("load", () => {
  const wide = document.querySelectorAll(".md-typeset__scrollwrap, .tabbed-labels");
  wide.forEach((box) => reach.observe(box));
});
