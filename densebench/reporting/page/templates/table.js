/* Tables that sort by a click on a head. */
function makeSortable(table) {
  findAll("thead th", table).forEach((head) => {
    head.dataset.title = head.textContent;
    const button = element("button", { type: "button" }, null, head.textContent);
    button.addEventListener("click", () => turn(table, head));
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
  });
}

function turn(table, head) {
  const opposite = { ascending: "descending", descending: "ascending" };
  sortBy(table, head, opposite[head.getAttribute("aria-sort")] ?? head.dataset.first);
}

/* Without a head, the order of the comparison. */
function sortBy(table, head, order) {
  const heads = findAll("thead th", table);
  heads.forEach((other) => other.setAttribute("aria-sort", other === head ? order : "none"));
  const column = heads.indexOf(head);
  const key = (line) => column < 0 ? line.dataset.rows : line.cells[column].dataset.sort;
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort((one, other) => compare(key(one), key(other), order === "descending")));
}

/* Numbers by size, texts by letters, unknown always last. */
function compare(one, other, descending) {
  if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
  const difference = Number(one) - Number(other);
  const order = Number.isNaN(difference) ? one.localeCompare(other, "en", { numeric: true }) : difference;
  return descending ? -order : order;
}

/* As train.epoch_seconds.descending. */
function saySorting(table) {
  const head = find('thead th:not([aria-sort="none"])', table);
  return head ? [[table.dataset.phase, head.dataset.name, head.getAttribute("aria-sort")].join(".")] : [];
}

function setSorting(said) {
  for (const table of findAll(".sortable")) {
    const [, name, order] = said.map((each) => each.split(".")).find(([phase]) => phase === table.dataset.phase) ?? [];
    const head = findAll("thead th", table).find((each) => each.dataset.name === name) ?? null;
    sortBy(table, head, head && order === "descending" ? order : "ascending");
  }
}

findAll(".sortable").forEach(makeSortable);
addPart("sort", () => findAll(".sortable").flatMap(saySorting), setSorting);
