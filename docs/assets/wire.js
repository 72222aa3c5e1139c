/* Wire diagrams that move. A figure of class "wire" has two pictures whose parts carry the number of their
   step, and a list with each step in words. This script adds buttons and shows the steps one after the other.
   Without it, everything is shown at once. */
(function () {
  "use strict";

  const LEAST = 1200; // milliseconds that each step is shown while playing
  const LETTER = 35; // milliseconds more for each letter, so that one can read it

  function element(name, kind, text) {
    const made = document.createElement(name);
    made.className = kind;
    made.textContent = text || "";
    return made;
  }

  function button(label, does) {
    const made = element("button", "", label);
    made.type = "button";
    made.addEventListener("click", does);
    return made;
  }

  function player(figure) {
    const parts = Array.from(figure.querySelectorAll("[data-step]"));
    const list = figure.querySelector(".wire-words");
    const words = Array.from(list.querySelectorAll("li"));
    const told = element("div", "wire-told");
    let now = words.length;
    let timer = 0;

    function show(step) {
      now = Math.max(0, Math.min(step, words.length));
      for (const part of parts) {
        const number = Number(part.dataset.step);
        part.classList.toggle("wire-later", number > now);
        part.classList.toggle("wire-now", number === now);
      }
      figure.classList.add("wire-moves");
      told.replaceChildren(element("strong", "", "Step " + now + " of " + words.length + ". "));
      if (now) {
        told.append(...Array.from(words[now - 1].childNodes, (node) => node.cloneNode(true)));
      } else {
        told.append(figure.dataset.start);
      }
    }

    function pause() {
      clearTimeout(timer);
      timer = 0;
      play.textContent = "Play";
    }

    function go(step) {
      pause();
      show(step);
    }

    function next() {
      show(now + 1);
      if (now < words.length) {
        timer = setTimeout(next, LEAST + LETTER * told.textContent.length);
      } else {
        pause();
      }
    }

    const play = button("Play", function () {
      if (timer) {
        pause();
        return;
      }
      play.textContent = "Pause";
      if (now === words.length) {
        show(0);
        timer = setTimeout(next, LEAST);
      } else {
        next();
      }
    });

    const keys = {
      ArrowLeft: () => go(now - 1),
      ArrowRight: () => go(now + 1),
      Home: () => go(0),
      End: () => go(words.length),
    };
    const bar = element("div", "wire-bar");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Steps of: " + figure.querySelector("figcaption").textContent);
    bar.addEventListener("keydown", function (event) {
      const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
      if (plain && Object.hasOwn(keys, event.key)) {
        event.preventDefault();
        keys[event.key]();
      }
    });
    const buttons = element("div", "wire-buttons");
    buttons.append(
      button("First", () => go(0)),
      button("Back", () => go(now - 1)),
      play,
      button("Forward", () => go(now + 1)),
    );
    told.setAttribute("aria-live", "polite");
    told.setAttribute("aria-atomic", "true");
    told.textContent = "All " + words.length + " steps are shown. First goes back to the beginning, Play shows them one by one.";
    bar.append(buttons, told);
    figure.querySelector(".wire-sides").after(bar);

    // On a phone only one side fits. The other one is a button away, at the same step.
    const titles = Array.from(figure.querySelectorAll(".wire-title"));
    const shows = titles.map((title, number) => button(title.textContent, () => choose(number)));
    function choose(chosen) {
      shows.forEach(function (show, number) {
        figure.classList.toggle(number ? "wire-shows-wrong" : "wire-shows-right", number === chosen);
        show.setAttribute("aria-pressed", String(number === chosen));
      });
    }
    const sides = element("div", "wire-switch");
    sides.setAttribute("role", "group");
    sides.setAttribute("aria-label", "Which side is shown");
    sides.append(...shows);
    if (shows.length > 1) figure.querySelector(".wire-sides").before(sides);
    choose(figure.closest(".plays") && shows.length > 1 ? 1 : 0); // the first page shows what goes wrong

    const heading = list.querySelector("p");
    const fold = button(heading.textContent.replace(":", ""), function () {
      const folded = list.classList.toggle("wire-folded");
      fold.setAttribute("aria-expanded", String(!folded));
    });
    fold.setAttribute("aria-expanded", "false");
    list.classList.add("wire-script", "wire-folded");
    heading.after(fold);

    if (figure.closest(".plays") && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      told.setAttribute("aria-live", "off"); // it speaks only when somebody asks it to
      bar.addEventListener("click", () => told.setAttribute("aria-live", "polite"));
      play.click();
    }
  }

  for (const figure of document.querySelectorAll("figure.wire")) {
    player(figure);
  }
})();
