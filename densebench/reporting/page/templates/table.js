/* Tables that sort by a click on a head, and one filter for all of them. */
function makeSortable(table) {
  findAll("thead th", table).forEach((head, column) => {
    const button = element("button", { type: "button" }, null, head.textContent);
    button.addEventListener("click", () => sortBy(table, head, column));
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
  });
}

function sortBy(table, head, column) {
  const before = head.getAttribute("aria-sort");
  const opposite = { ascending: "descending", descending: "ascending" };
  const order = before === "none" ? head.dataset.first : opposite[before];
  findAll("thead th", table).forEach((other) => other.setAttribute("aria-sort", "none"));
  head.setAttribute("aria-sort", order);
  const key = (line) => line.cells[column].dataset.sort;
  const lines = [...table.tBodies[0].rows].sort((one, other) => compare(key(one), key(other), order === "descending"));
  table.tBodies[0].append(...lines);
}

/* Numbers by size, texts by letters, unknown always last. */
function compare(one, other, descending) {
  if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
  const difference = Number(one) - Number(other);
  const order = Number.isNaN(difference) ? one.localeCompare(other, "en", { numeric: true }) : difference;
  return descending ? -order : order;
}

function filterRows() {
  const words = find("#filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const lines = findAll(".sortable tbody tr");
  for (const line of lines) {
    const text = line.textContent.toLowerCase();
    line.hidden = !words.every((word) => text.includes(word));
  }
  const shown = lines.filter((line) => !line.hidden).length;
  find("#filtered").textContent = words.length ? `${shown} of ${lines.length} rows` : "";
}

findAll(".sortable").forEach(makeSortable);
find("#filter")?.addEventListener("input", filterRows);
