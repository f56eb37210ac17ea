/* Verdicts against a chosen baseline; Python computed them, the script only shows them. */
const verdicts = data.verdicts;
let everyVerdict = false; // rows without any test too

/* Rows with a test; all where none has one. */
function chooseVerdictRows(baseline) {
  const every = [...new Set(baseline.cells.map((cell) => cell.row))];
  const tested = new Set(baseline.cells.filter((cell) => cell.interval).map((cell) => cell.row));
  const untested = tested.size ? every.filter((place) => !tested.has(place)).length : 0;
  return { shown: everyVerdict || !untested ? every : every.filter((place) => tested.has(place)), untested };
}

function drawVerdicts() {
  const baseline = verdicts.baselines[find("#baseline").value];
  const { shown, untested } = chooseVerdictRows(baseline);
  const cells = baseline.cells.filter((cell) => shown.includes(cell.row));
  const metrics = verdicts.metrics.map((title, place) => judgedMetric(title, place, cells)).filter((metric) => metric.cells.size);
  const table = find("#verdict-table");
  table.replaceChildren();
  element("caption", {}, table, `Against ${data.rows[baseline.row].label}`); // for paper, where the choice is not seen
  const head = element("tr", {}, element("thead", {}, table));
  element("th", { scope: "col" }, head, "Row");
  for (const { title, level } of metrics) {
    const about = element("th", { scope: "col" }, head, title);
    if (level) element("span", { class: "detail" }, about, `${level} interval`);
  }
  const body = element("tbody", {}, table);
  for (const place of shown) drawVerdictRow(body, place, metrics);
  drawReasons(cells);
  const button = find("#untested");
  button.hidden = !untested;
  button.classList.toggle("undo", everyVerdict);
  button.textContent = everyVerdict ? "Only the rows with a test" : `${untested} more row${untested === 1 ? "" : "s"}, without a test`;
  filterElements(find("#verdicts"));
}

/* The level of a metric's intervals is named once, above them; where they differ, each is in its cell's title. */
function judgedMetric(title, place, cells) {
  const own = cells.filter((cell) => cell.metric === place);
  const levels = [...new Set(own.map((cell) => cell.level).filter(Boolean))].sort((one, other) => compare(one, other, false));
  const level = levels.length > 1 ? `${levels[0].replace(" %", "")} to ${levels.at(-1)}` : levels[0] ?? "";
  return { title, level, cells: new Map(own.map((cell) => [cell.row, cell])) };
}

function drawVerdictRow(body, place, metrics) {
  const line = element("tr", { "data-rows": place }, body), row = data.rows[place];
  const name = element("th", { scope: "row", title: row.label }, line), [first, ...others] = row.label.split(" \u00b7 ");
  name.append(swatch(row), first);
  if (others.length) element("span", { class: "detail" }, name, others.join(" \u00b7 "));
  for (const metric of metrics) {
    const found = metric.cells.get(place);
    const cell = element("td", found ? { title: [found.level && `${found.level} interval.`, verdicts.reasons[found.reason]].filter(Boolean).join(" ") } : {}, line);
    if (!found) continue;
    element("span", {}, cell, found.estimate);
    element("span", { class: `word ${found.word}` }, cell, found.text.replace("needs ", "needs\u00a0"));
    if (found.interval) element("span", { class: "detail" }, cell, found.interval);
  }
}

function drawReasons(cells) {
  const list = find("#reasons ul");
  list.replaceChildren();
  for (const cell of cells) {
    const name = `${data.rows[cell.row].label}, ${verdicts.metrics[cell.metric].toLowerCase()}: ${cell.text}. `;
    element("li", { "data-rows": cell.row }, list, name + verdicts.reasons[cell.reason]);
  }
}

function startVerdicts() {
  const choice = find("#baseline");
  verdicts.baselines.forEach(({ row }, place) => element("option", { value: place }, choice, data.rows[row].label));
  choice.value = verdicts.chosen;
  choice.addEventListener("change", drawVerdicts);
  find("#untested").addEventListener("click", () => showEvery(!everyVerdict));
  const labels = verdicts.baselines.map(({ row }) => data.rows[row].label);
  addControl("against", choice, (value) => labels[value], (label) => labels.indexOf(label));
  addPart("verdicts", () => everyVerdict ? ["all"] : [], ([value]) => showEvery(value === "all"));
  drawVerdicts();
}

function showEvery(wanted) {
  if (wanted === everyVerdict) return;
  everyVerdict = wanted;
  drawVerdicts();
}

if (verdicts.baselines.length) startVerdicts();
else {
  find("#verdicts").remove();
  find('nav a[href="#verdicts"]').remove();
}
