/* A page below slides/ as slides: each section of the page is one. A button opens the first; the arrow keys, space and
   the page keys go on and back, Escape ends. Without this script the page is read from top to bottom. */
(function () {
  "use strict";

  const article = document.querySelector("article");
  const bar = document.querySelector(".slide-bar");
  if (!bar) return;

  const slides = [];
  let slide = null;
  for (const node of [...article.children]) {
    if (node.tagName === "H2") {
      slide = document.createElement("section");
      slide.className = "slide";
      node.before(slide);
      slides.push(slide);
    } else if (!slide || node.tagName === "ASIDE" || node.matches("form")) {
      slide = null;
      continue;
    }
    slide.append(node);
  }

  const count = document.createElement("p");
  count.className = "slide-count";
  let now = -1;

  function show(number) {
    slides[now]?.classList.remove("slide-now");
    now = number;
    document.documentElement.classList.toggle("slides-shown", now >= 0);
    if (now < 0) {
      count.remove();
      start.focus();
      return;
    }
    slides[now].classList.add("slide-now");
    slides[now].tabIndex = -1;
    slides[now].focus();
    count.textContent = now + 1 + " of " + slides.length + " · arrow keys · Escape ends";
    slides[now].append(count);
  }

  const start = document.createElement("button");
  start.type = "button";
  start.textContent = "Show as slides";
  start.addEventListener("click", () => show(0));
  bar.append(start);

  const steps = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
  addEventListener(
    "keydown",
    function (event) {
      if (now < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.target.closest("button, .wire-bar")) return; // the keys of a scene on a slide
      if (event.key === "Escape") show(-1);
      else if (steps[event.key]) show(Math.max(0, Math.min(slides.length - 1, now + steps[event.key])));
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
})();
