/* The legend: best last accuracy first, as the ends of the lines stand. */
function drawLegend() {
  const last = (row) => row.unfinished ? 1 : 0;
  const order = [...drawnRows].sort((one, other) => last(one) - last(other) || (other.accuracy ?? -1) - (one.accuracy ?? -1));
  for (const row of order) {
    const button = element("button", { type: "button", "aria-pressed": "true", "data-row": row.place, title: row.label }, element("li", { "data-rows": row.place }, find("#legend")));
    button.append(swatch(row));
    button.append(cutName(row.name));
    element("span", { class: "value" }, button, row.unfinished ? `${row.accuracy_text}, ${row.unfinished}` : row.accuracy_text);
    button.addEventListener("click", () => hide(row.place, !shown.hidden.has(row.place)));
    button.addEventListener("dblclick", () => drawnRows.forEach((other) => hide(other.place, other.place !== row.place)));
    button.addEventListener("pointerenter", () => emphasise(row.place, true));
    button.addEventListener("pointerleave", () => emphasise(null));
    button.addEventListener("focus", () => emphasise(row.place, true));
    button.addEventListener("blur", () => emphasise(null));
  }
}

/* What is chosen of the curves, for the address; rows that are hidden or those that are left, whichever are fewer. */
function keepCurves() {
  for (const [name, radio] of [["by", "against"], ["loss", "loss"], ["seeds", "seeds"]]) addChoice(name, findAll(`input[name="${radio}"]`));
  const few = () => shown.hidden.size * 2 <= drawnRows.length;
  const labelled = (wanted) => drawnRows.filter((row) => shown.hidden.has(row.place) === wanted).map((row) => row.label);
  const hideWhere = (hidden) => drawnRows.forEach((row) => hide(row.place, hidden(row.label)));
  addPart("hide", () => few() ? labelled(true) : [], (labels) => hideWhere((label) => labels.includes(label)));
  addPart("only", () => few() ? [] : labelled(false), (labels) => { if (labels.length) hideWhere((label) => !labels.includes(label)); });
  addPart("zoom", () => shown.zoom ? [shown.zoom.join("..")] : [], ([said]) => {
    const range = (said ?? "").split("..").map(Number);
    zoom(range.length === 2 && range.every(Number.isFinite) ? range : null);
  });
}

function hide(place, hidden) {
  if (hidden) shown.hidden.add(place); else shown.hidden.delete(place);
  find(`#legend [data-row="${place}"]`).setAttribute("aria-pressed", String(!hidden));
  soon(drawCurves);
}

function chosen(name, apply) {
  findAll(`input[name="${name}"]`).forEach((input) => input.addEventListener("change", () => { apply(input.value); drawCurves(); }));
}

function startCurves() {
  for (const panel of PANELS) {
    const figure = element("figure", { class: "panel" }, find("#panels"));
    element("figcaption", {}, figure, panel.title);
    const about = `${panel.title} of ${drawnRows.length} rows. Arrows read, plus and minus zoom, Escape shows the whole.`;
    panel.plot = element("div", { class: "plot", tabindex: "0", role: "application", "aria-label": about, id: `panel-${panel.name}` }, figure);
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
  keepCurves();
  redrawn.push(drawCurves);
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
