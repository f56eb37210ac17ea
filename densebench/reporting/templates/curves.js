/* Four panels of curves that share what is shown, how it is zoomed and where the reading line stands. */
const PANELS = [
  { column: "test_accuracy", title: "Test accuracy", unit: "%", factor: 100, digits: 2 },
  { column: "test_loss", title: "Test loss", unit: "nats", factor: 1, digits: 4 },
  { column: "train_accuracy", title: "Train accuracy", unit: "%", factor: 100, digits: 2 },
  { column: "train_loss", title: "Train loss", unit: "nats", factor: 1, digits: 4 },
].map((panel) => ({ ...panel, place: data.curves.indexOf(panel.column) }));
const HEIGHT = 270, MARGIN = { left: 50, right: 16, top: 22, bottom: 40 };
const TIP_ENTRIES = 12;
const shown = { against: "epoch", log: false, seeds: "mean", hidden: new Set(), zoom: null, near: null };
const drawnRows = data.rows.map((row, place) => ({ ...row, place })).filter((row) => row.curves.length);
const longest = Math.max(0, ...drawnRows.flatMap((row) => row.curves.map((curve) => curve.seconds.at(-1) ?? 0)));
const [timeFactor, timeUnit] = longest < 180 ? [1, "s"] : longest < 10800 ? [1 / 60, "min"] : [1 / 3600, "h"];

/* The lines of a row on a panel: the mean with its range, or one line a seed. */
const memory = new Map();
function linesOf(row, panel) {
  const key = `${row.place} ${panel.place} ${shown.against} ${shown.seeds}`;
  if (!memory.has(key)) {
    const each = row.curves.map((curve) => points(curve, panel));
    memory.set(key, shown.seeds === "mean" && each.length > 1 ? [meanOf(each)] : each);
  }
  return memory.get(key).filter((line) => line.x.length);
}

function points(curve, panel) {
  const places = shown.against === "epoch" ? curve.epochs : curve.seconds.map((each) => each === null ? null : each * timeFactor);
  const line = { epochs: [], x: [], y: [] };
  curve.values[panel.place].forEach((value, index) => {
    if (value === null || places[index] === null) return;
    line.epochs.push(curve.epochs[index]);
    line.x.push(places[index]);
    line.y.push(value * panel.factor);
  });
  return line;
}

/* Over the epochs that every seed has, so that no seed drops out midway. */
function meanOf(each) {
  const byEpoch = each.filter((line) => line.x.length).map((line) => new Map(line.epochs.map((epoch, place) => [epoch, place])));
  const lines = each.filter((line) => line.x.length);
  const mean = { epochs: [], x: [], y: [], low: [], high: [] };
  for (const epoch of byEpoch.length ? byEpoch[0].keys() : []) {
    if (!byEpoch.every((places) => places.has(epoch))) continue;
    const places = byEpoch.map((found) => found.get(epoch));
    const values = lines.map((line, number) => line.y[places[number]]);
    const average = (numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    mean.epochs.push(epoch);
    mean.x.push(average(lines.map((line, number) => line.x[places[number]])));
    mean.y.push(average(values));
    mean.low.push(Math.min(...values));
    mean.high.push(Math.max(...values));
  }
  return mean;
}

const visible = () => drawnRows.filter((row) => !shown.hidden.has(row.place));

/* Lowest and highest of numbers; spreading 60,000 of them into Math.min would overflow the stack. */
function rangeOf(numbers) {
  let low = Infinity, high = -Infinity;
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

function acrossRange() {
  const ends = visible().flatMap((row) => PANELS.flatMap((panel) => linesOf(row, panel).flatMap((line) => [line.x[0], line.x.at(-1)])));
  return rangeOf(ends) ?? [0, 1];
}

function upRange(panel, low, high, logarithmic) {
  const values = [];
  for (const row of visible()) {
    for (const line of linesOf(row, panel)) {
      line.x.forEach((x, place) => {
        if (x >= low && x <= high) values.push((line.low ?? line.y)[place], (line.high ?? line.y)[place]);
      });
    }
  }
  const range = rangeOf(logarithmic ? values.filter((value) => value > 0) : values);
  return range ? padded(...range, 0.04, logarithmic) : null;
}

function drawPanel(panel) {
  const width = Math.max(280, panel.holder.clientWidth);
  const box = { left: MARGIN.left, top: MARGIN.top, width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const root = panel.svg;
  root.replaceChildren();
  root.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const [low, high] = shown.zoom ?? acrossRange();
  const logarithmic = shown.log && panel.unit === "nats";
  const range = upRange(panel, low, high, logarithmic);
  panel.box = box;
  panel.x = scale(low, high > low ? high : low + 1, box.left, box.left + box.width);
  if (!range) {
    panel.y = null;
    svg("text", { class: "empty", x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, root, "Nothing to show");
    return;
  }
  panel.y = scale(...range, box.top + box.height, box.top, logarithmic);
  axes(root, panel.x, panel.y, box, { x: shown.against === "epoch" ? "epoch" : `wall time, ${timeUnit}`, y: panel.unit });
  const clip = svg("clipPath", { id: `clip-${panel.column}` }, root);
  svg("rect", { x: box.left, y: box.top - 2, width: box.width, height: box.height + 4 }, clip);
  const group = svg("g", { "clip-path": `url(#clip-${panel.column})` }, root);
  for (const row of visible()) drawRow(group, row, panel);
  panel.overlay = svg("g", {}, root);
}

function drawRow(group, row, panel) {
  for (const line of linesOf(row, panel)) {
    const near = shown.near === row.place ? " near" : "";
    const at = (values) => line.x.map((x, place) => `${round(panel.x(x))} ${round(panel.y(positive(values[place], panel.y)))}`);
    if (line.low) {
      const edge = `M${at(line.low).join("L")}L${at(line.high).reverse().join("L")}Z`;
      svg("path", { class: `band c${row.colour}${near}`, "data-row": row.place, d: edge }, group);
    }
    const each = shown.seeds === "each" && row.curves.length > 1 ? " each" : "";
    svg("path", { class: `line c${row.colour} d${row.dash}${each}${near}`, "data-row": row.place, d: `M${at(line.y).join("L")}` }, group);
    if (line.x.length === 1) svg("circle", { class: `dot c${row.colour}`, cx: round(panel.x(line.x[0])), cy: round(panel.y(line.y[0])), r: 3 }, group);
  }
}

const positive = (value, axis) => axis.logarithmic ? Math.max(value, axis.low * 0.5) : value;

const drawCurves = () => PANELS.forEach(drawPanel);

/* The reading line: at an x, the nearest epoch of every row; near is the row closest to the pointer. */
function read(panel, x, pixelY = null) {
  const entries = [];
  for (const row of visible()) {
    linesOf(row, panel).forEach((line) => {
      const place = nearest(line.x, x);
      if (line.x[place] < panel.x.low || line.x[place] > panel.x.high) return;
      entries.push({ row, name: row.name, x: line.x[place], epoch: line.epochs[place], y: line.y[place], text: figureText(panel, line, place) });
    });
  }
  const distance = (entry) => Math.abs(panel.y(positive(entry.y, panel.y)) - pixelY);
  if (pixelY !== null) entries.sort((one, other) => distance(one) - distance(other));
  entries.slice(0, 1).forEach((entry) => { entry.near = pixelY !== null; });
  return entries.slice(0, TIP_ENTRIES).sort((one, other) => other.y - one.y);
}

function figureText(panel, line, place) {
  const text = line.y[place].toFixed(panel.digits) + (panel.unit === "%" ? " %" : "");
  return line.low && line.high[place] > line.low[place] ? `${text} (${line.low[place].toFixed(panel.digits)} to ${line.high[place].toFixed(panel.digits)})` : text;
}

function nearest(values, wanted) {
  let low = 0, high = values.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle; else high = middle;
  }
  return Math.abs(values[low] - wanted) <= Math.abs(values[high] - wanted) ? low : high;
}

function showReading(panel, x, pixelY) {
  clearReading();
  if (!panel.y) return [];
  const entries = read(panel, x, pixelY);
  const place = entries[0] ? (shown.against === "epoch" ? entries[0].x : x) : x;
  for (const other of PANELS.filter((each) => each.y)) {
    const at = round(other.x(place));
    svg("path", { class: "cursor", d: `M${at} ${other.box.top}v${other.box.height}` }, other.overlay);
  }
  for (const entry of entries) {
    svg("circle", { class: `dot c${entry.row.colour}`, cx: round(panel.x(entry.x)), cy: round(panel.y(positive(entry.y, panel.y))), r: entry.near ? 4.5 : 3 }, panel.overlay);
  }
  emphasise(entries.find((entry) => entry.near)?.row.place ?? null);
  return entries;
}

function clearReading() {
  PANELS.forEach((panel) => panel.overlay?.replaceChildren());
}

const placeText = (x) => shown.against === "epoch" ? `epoch ${x}` : duration(x / timeFactor);

/* The lines of one row stand out; of none, all are equal. */
function emphasise(place, strongly = false) {
  shown.near = place;
  find("#panels").classList.toggle("emphasis", strongly && place !== null);
  findAll("#panels [data-row]").forEach((line) => line.classList.toggle("near", Number(line.dataset.row) === place));
}

function zoom(range) {
  const [low, high] = acrossRange();
  const least = shown.against === "epoch" ? 2 : (high - low) / 1000;
  if (range && range[1] - range[0] < least) return;
  shown.zoom = range && (range[0] > low || range[1] < high) ? [Math.max(low, range[0]), Math.min(high, range[1])] : null;
  hideTip();
  drawCurves();
}

/* By a pointer: move to read, drag to zoom. */
function watchPointer(panel) {
  let start = null;
  const place = (event) => {
    const frame = panel.svg.getBoundingClientRect();
    const factor = panel.svg.viewBox.baseVal.width / frame.width;
    const x = (event.clientX - frame.left) * factor;
    return { x: Math.min(Math.max(x, panel.box.left), panel.box.left + panel.box.width), y: (event.clientY - frame.top) * factor };
  };
  panel.svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = place(event).x;
    if (event.pointerType === "mouse") panel.svg.setPointerCapture(event.pointerId);
  });
  panel.svg.addEventListener("pointermove", (event) => {
    const at = place(event), x = panel.x.back(at.x);
    const entries = showReading(panel, x, at.y);
    if (entries.length) showTip(event.clientX, event.clientY, `${panel.title}, ${placeText(shown.against === "epoch" ? entries[0].x : x)}`, entries);
    if (start !== null && panel.overlay) {
      svg("rect", { class: "selection", x: Math.min(start, at.x), y: panel.box.top, width: Math.abs(at.x - start), height: panel.box.height }, panel.overlay);
    }
  });
  panel.svg.addEventListener("pointerup", (event) => {
    const end = place(event).x, from = start;
    start = null;
    if (from !== null && Math.abs(end - from) > 6) zoom([panel.x.back(Math.min(from, end)), panel.x.back(Math.max(from, end))]);
  });
  panel.svg.addEventListener("pointercancel", () => { start = null; });
  panel.svg.addEventListener("pointerleave", () => { clearReading(); hideTip(); emphasise(null); });
  panel.svg.addEventListener("dblclick", () => zoom(null));
}

/* By the keyboard: arrows read, + and - zoom around the reading line, Escape shows the whole. */
function watchKeys(panel) {
  let at = null;
  panel.svg.addEventListener("keydown", (event) => {
    const span = panel.x.high - panel.x.low;
    const step = (shown.against === "epoch" ? Math.max(1, Math.round(span / 100)) : span / 100) * (event.shiftKey ? 10 : 1);
    at = Math.min(Math.max(at ?? panel.x.high, panel.x.low), panel.x.high);
    if (event.key === "ArrowLeft") at -= step;
    else if (event.key === "ArrowRight") at += step;
    else if (event.key === "+" || event.key === "=") zoom([at - span / 4, at + span / 4]);
    else if (event.key === "-") zoom([at - span, at + span]);
    else if (event.key === "Escape") zoom(null);
    else return;
    event.preventDefault();
    at = Math.min(Math.max(at, panel.x.low), panel.x.high);
    const entries = showReading(panel, at, null), frame = panel.svg.getBoundingClientRect();
    const title = `${panel.title}, ${placeText(shown.against === "epoch" ? Math.round(at) : at)}`;
    showTip(frame.left + (panel.x(at) / panel.svg.viewBox.baseVal.width) * frame.width, frame.top + frame.height / 2, title, entries);
    find("#reading").textContent = `${title}: ${entries.map((entry) => `${entry.name} ${entry.text}`).join(", ")}`;
  });
  panel.svg.addEventListener("blur", () => { at = null; clearReading(); hideTip(); });
}

/* The legend: best last accuracy first, as the ends of the lines stand. */
function drawLegend() {
  const order = [...drawnRows].sort((one, other) => (other.accuracy ?? -1) - (one.accuracy ?? -1));
  for (const row of order) {
    const button = element("button", { type: "button", "aria-pressed": "true", "data-row": row.place, title: row.label }, element("li", {}, find("#legend")));
    button.append(swatch(row));
    element("span", { class: "name" }, button, row.name);
    element("span", { class: "value" }, button, row.accuracy_text);
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
    panel.holder = element("div", {}, figure);
    const about = `${panel.title} of ${drawnRows.length} rows. Arrows read, plus and minus zoom, Escape shows the whole.`;
    panel.svg = svg("svg", { tabindex: "0", role: "application", "aria-label": about, id: `panel-${panel.column}` }, panel.holder);
    watchPointer(panel);
    watchKeys(panel);
  }
  chosen("against", (value) => { shown.against = value; shown.zoom = null; });
  chosen("loss", (value) => { shown.log = value === "log"; });
  chosen("seeds", (value) => { shown.seeds = value; });
  find("#last-quarter").addEventListener("click", () => { const [low, high] = acrossRange(); zoom([low + 0.75 * (high - low), high]); });
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
