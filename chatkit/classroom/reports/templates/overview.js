"use strict";
// Search, filter and sort the tables of this page, and colour a map of checks when it is opened.
// Everything it needs stands in the page: it works from a file, and loads nothing.
(function () {
  const words = document.getElementById("search");
  const filter = document.getElementById("filter");
  const told = document.getElementById("shown");
  const table = document.getElementById("students");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const texts = rows.map(function (row) { return row.textContent.toLowerCase(); });

  function show() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = filter.value;
    const hidden = new Set();
    rows.forEach(function (row, at) {
      const kinds = row.dataset.is.split(" ");
      const fits = wanted.every(function (word) { return texts[at].includes(word); });
      row.hidden = !(fits && (!kind || kinds.includes(kind)));
      if (row.hidden) { hidden.add(row.dataset.id); }
    });
    document.querySelectorAll("tr[data-of]").forEach(function (row) {
      row.hidden = hidden.has(row.dataset.of);
    });
    told.textContent = (rows.length - hidden.size) + " of " + rows.length + " students";
  }

  function value(row, column) {
    const cell = row.cells[column];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent.trim().toLowerCase();
  }

  function sort(head) {
    const column = head.cellIndex;
    const numbers = head.classList.contains("number");  // the best first
    const before = head.getAttribute("aria-sort");
    const down = before ? before === "ascending" : numbers;
    Array.from(head.parentNode.cells).forEach(function (one) { one.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.slice().sort(function (one, other) {
      const a = value(one, column), b = value(other, column);
      const order = typeof a === "number" ? a - b : a.localeCompare(b);
      return down ? -order : order;
    }).forEach(function (row) { body.appendChild(row); });
  }

  function colour(details) {
    const names = { "✓": "passed", "×": "failed", "·": "not_reached", "–": "skipped" };
    const titles = Array.from(details.querySelectorAll("ol.checks li"), function (one) {
      return one.textContent;
    });
    details.querySelectorAll("td.marks").forEach(function (cell) {
      if (cell.firstElementChild) { return; }
      const marks = Array.from(cell.textContent.trim());
      cell.textContent = "";
      marks.forEach(function (mark, at) {
        const square = document.createElement("i");
        square.className = names[mark] || "";
        square.textContent = mark;
        square.title = titles[at] || "";
        cell.appendChild(square);
      });
    });
  }

  words.addEventListener("input", show);
  filter.addEventListener("change", show);
  Array.from(table.tHead.rows[0].cells).forEach(function (head) {
    const button = document.createElement("button");
    button.type = "button";
    while (head.firstChild) { button.appendChild(head.firstChild); }
    head.appendChild(button);
    button.addEventListener("click", function () { sort(head); });
  });
  document.querySelectorAll("details.map").forEach(function (details) {
    details.addEventListener("toggle", function () { if (details.open) { colour(details); } });
  });
  document.getElementById("tools").hidden = false;
  show();
})();
