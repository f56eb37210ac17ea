/*
 * Columns that fit into the window: the most important figures first. Where the settings leave no room for four, they stand
 * below the names. What is left out is one click away; without scripts and on request a table has every column and scrolls.
 */
const LEAST_FIGURES = 4;

function fitColumns(table) {
  const heads = findAll("thead th", table), every = heads.map((_, place) => place);
  table.classList.toggle("folded", isWhole(table)); // below the names, settings are seen however far one scrolls
  showColumns(table, every);
  const shown = isWhole(table) ? every : chooseColumns(table, heads, every);
  showColumns(table, shown);
  nameHidden(table, heads.filter((head, place) => !shown.includes(place) && !isSetting(head)).map((head) => head.dataset.title));
}

function chooseColumns(table, heads, every) {
  const settings = every.filter((place) => isSetting(heads[place])), figures = every.filter((place) => place && !isSetting(heads[place]));
  const room = table.parentNode.clientWidth, widths = measure(table, heads);
  const sum = (places) => places.reduce((total, place) => total + widths[place], 0);
  if (sum(every) <= room) return every;
  let shown = [0, ...settings];
  if (sum([...shown, ...figures.slice(0, LEAST_FIGURES)]) > room) {
    table.classList.add("folded");
    widths[0] = measure(table, heads)[0];
    shown = [0];
  }
  for (const place of figures) if (sum([...shown, place]) <= room) shown.push(place);
  return shown;
}

const isSetting = (head) => "setting" in head.dataset;
const isWhole = (table) => table.classList.contains("whole");

/* The least that each column needs: a table without width has no more. */
function measure(table, heads) {
  table.classList.add("measured");
  const widths = heads.map((head) => head.offsetWidth);
  table.classList.remove("measured");
  return widths;
}

function showColumns(table, shown) {
  const kept = new Set(shown);
  for (const line of table.rows) [...line.cells].forEach((cell, place) => { cell.hidden = !kept.has(place); });
}

function nameHidden(table, titles) {
  const button = moreButtons.get(table);
  button.classList.toggle("undo", isWhole(table));
  button.hidden = !titles.length && !isWhole(table);
  button.textContent = isWhole(table) ? "Only the columns that fit" : `${titles.length} more column${titles.length === 1 ? "" : "s"}: ${titles.join(", ")}`;
}

const moreButtons = new Map();

function startColumns(table) {
  const button = element("button", { type: "button", class: "more quiet" });
  table.parentNode.after(button);
  moreButtons.set(table, button);
  button.addEventListener("click", () => { table.classList.toggle("whole"); fitColumns(table); });
  let width = 0;
  new ResizeObserver(() => {
    if (table.parentNode.clientWidth === width) return;
    width = table.parentNode.clientWidth;
    fitColumns(table);
  }).observe(table.parentNode);
  width = table.parentNode.clientWidth;
  fitColumns(table);
}

const sortableTables = findAll(".sortable");
sortableTables.forEach(startColumns);
addPart("columns", () => sortableTables.filter(isWhole).map((table) => table.dataset.phase), (phases) => {
  for (const table of sortableTables) {
    if (isWhole(table) === phases.includes(table.dataset.phase)) continue;
    table.classList.toggle("whole");
    fitColumns(table);
  }
});
