/* Verdicts against a chosen baseline; Python computed them, the script only shows them. */
const verdicts = data.verdicts;

function drawVerdicts() {
  const baseline = verdicts.baselines[find("#baseline").value];
  const metrics = verdicts.metrics
    .map((title, place) => ({ title, place }))
    .filter(({ place }) => baseline.cells.some((cell) => cell.metric === place));
  const table = find("#verdict-table");
  table.replaceChildren();
  element("caption", {}, table, `Against ${data.rows[baseline.row].label}`); // for paper, where the choice is not seen
  const head = element("tr", {}, element("thead", {}, table));
  element("th", { scope: "col" }, head, "Row");
  metrics.forEach(({ title }) => element("th", { scope: "col" }, head, title));
  const body = element("tbody", {}, table);
  for (const place of new Set(baseline.cells.map((cell) => cell.row))) drawVerdictRow(body, baseline, place, metrics);
  drawReasons(baseline);
}

function drawVerdictRow(body, baseline, place, metrics) {
  const line = element("tr", {}, body), row = data.rows[place];
  const name = element("th", { scope: "row", title: row.label }, line);
  name.append(swatch(row), row.name);
  for (const metric of metrics) {
    const found = baseline.cells.find((cell) => cell.row === place && cell.metric === metric.place);
    const cell = element("td", found ? { title: verdicts.reasons[found.reason] } : {}, line);
    if (!found) continue;
    element("span", {}, cell, found.estimate);
    element("span", { class: "interval" }, cell, found.interval);
    element("span", { class: `word ${found.word}` }, cell, found.text);
  }
}

function drawReasons(baseline) {
  const list = find("#reasons ul");
  list.replaceChildren();
  for (const cell of baseline.cells) {
    const name = `${data.rows[cell.row].label}, ${verdicts.metrics[cell.metric].toLowerCase()}: ${cell.text}. `;
    element("li", {}, list, name + verdicts.reasons[cell.reason]);
  }
}

if (verdicts.baselines.length) {
  const choice = find("#baseline");
  verdicts.baselines.forEach(({ row }, place) => element("option", { value: place }, choice, data.rows[row].label));
  choice.value = verdicts.chosen;
  choice.addEventListener("change", drawVerdicts);
  drawVerdicts();
} else {
  find("#verdicts").remove();
  find('nav a[href="#verdicts"]').remove();
}
