/* The legend: best last accuracy first, as the ends of the lines stand. */
function drawLegend() {
  const last = (row) => row.unfinished ? 1 : 0;
  const order = [...drawnRows].sort((one, other) => last(one) - last(other) || (other.accuracy ?? -1) - (one.accuracy ?? -1));
  for (const row of order) {
    const button = element("button", { type: "button", "aria-pressed": "true", "data-row": row.place, title: row.label }, element("li", {}, find("#legend")));
    button.append(swatch(row));
    element("span", { class: "name" }, button, row.name);
    element("span", { class: "value" }, button, row.unfinished ? `${row.accuracy_text}, ${row.unfinished}` : row.accuracy_text);
    button.addEventListener("click", () => hide(row.place, !shown.hidden.has(row.place)));
    button.addEventListener("dblclick", () => drawnRows.forEach((other) => hide(other.place, other.place !== row.place)));
    button.addEventListener("pointerenter", () => emphasise(row.place, true));
    button.addEventListener("pointerleave", () => emphasise(null));
    button.addEventListener("focus", () => emphasise(row.place, true));
    button.addEventListener("blur", () => emphasise(null));
  }
}

function hide(place, hidden) {
  if (hidden) shown.hidden.add(place); else shown.hidden.delete(place);
  find(`#legend [data-row="${place}"]`).setAttribute("aria-pressed", String(!hidden));
  soon(drawCurves);
}

/* Several changes in one turn are drawn once. */
const waiting = new Set();
function soon(draw) {
  if (waiting.has(draw)) return;
  waiting.add(draw);
  requestAnimationFrame(() => { waiting.delete(draw); draw(); });
}

function chosen(name, apply) {
  findAll(`input[name="${name}"]`).forEach((input) => input.addEventListener("change", () => { apply(input.value); drawCurves(); }));
}

function startCurves() {
  for (const panel of PANELS) {
    const figure = element("figure", { class: "panel" }, find("#panels"));
    element("figcaption", {}, figure, panel.title);
    const about = `${panel.title} of ${drawnRows.length} rows. Arrows read, plus and minus zoom, Escape shows the whole.`;
    panel.plot = element("div", { class: "plot", tabindex: "0", role: "application", "aria-label": about, id: `panel-${panel.column}` }, figure);
    addLayers(panel);
    watchPointer(panel);
    watchKeys(panel);
  }
  chosen("against", (value) => { shown.against = value; shown.zoom = null; });
  chosen("loss", (value) => { shown.log = value === "log"; });
  chosen("seeds", (value) => { shown.seeds = value; });
  find("#last-quarter").addEventListener("click", () => zoom(lastQuarter()));
  find("#whole").addEventListener("click", () => zoom(null));
  find("#show-all").addEventListener("click", () => drawnRows.forEach((row) => hide(row.place, false)));
  find("#hide-all").addEventListener("click", () => drawnRows.forEach((row) => hide(row.place, true)));
  find("#seeds").hidden = drawnRows.every((row) => row.curves.length < 2);
  const timed = drawnRows.some((row) => row.curves.some((curve) => curve.seconds.some((each) => each !== null)));
  find("#against").hidden = !timed;
  drawLegend();
  drawCurves();
  let width = find("#panels").clientWidth;
  new ResizeObserver(() => {
    if (find("#panels").clientWidth === width) return;
    width = find("#panels").clientWidth;
    soon(drawCurves);
  }).observe(find("#panels"));
}

if (drawnRows.length) startCurves();
else {
  find("#curves").remove();
  find('nav a[href="#curves"]').remove();
}
