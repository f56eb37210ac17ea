/* Test accuracy against a cost that is chosen, with the front of each hardware. */
const SHAPES = [
  "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z",
  "M-4.6 -4.6H4.6V4.6H-4.6Z",
  "M0 -5.6L5.4 4.2H-5.4Z",
  "M0 -6.2L6.2 0L0 6.2L-6.2 0Z",
  "M0 5.6L5.4 -4.2H-5.4Z",
  "M-2 -5.6H2V-2H5.6V2H2V5.6H-2V2H-5.6V-2H-2Z",
  "M-5.4 -3.4L-3.4 -5.4L0 -2L3.4 -5.4L5.4 -3.4L2 0L5.4 3.4L3.4 5.4L0 2L-3.4 5.4L-5.4 3.4L-2 0Z",
];
const TALL = 440;
const REACH = 14; // pixels from a point at which it is read; small points are hard to hit

function drawScatter() {
  hideTip();
  const cost = data.costs[find("#cost").value];
  const holder = find("#scatter-chart"), width = Math.max(300, holder.clientWidth);
  const box = { left: 50, top: 26, width: width - 70, height: TALL - 70 };
  const known = data.rows.map((row, place) => ({ row, place, x: cost.values[place], y: row.accuracy }))
    .filter(({ x, y }) => x !== null && y !== null)
    .map((point) => ({ ...point, x: point.x * cost.factor, y: point.y * 100, range: point.row.accuracy_range.map((each) => each * 100) }));
  const places = known.filter(({ place }) => passes(place));
  const root = svg("svg", { viewBox: `0 0 ${width} ${TALL}`, role: "group", "aria-label": `Test accuracy against ${cost.title}` });
  holder.replaceChildren(root);
  if (!places.length) return svg("text", { class: "empty", x: width / 2, y: TALL / 2, "text-anchor": "middle" }, root, "Nothing to show");
  const [low, high] = rangeOf(places.map(({ x }) => x));
  find("#cost-log").disabled = low <= 0;
  const logarithmic = find("#cost-log").checked && low > 0;
  const x = scale(...padded(low, high, 0.08, logarithmic), box.left, box.left + box.width, logarithmic);
  const y = scale(...padded(...rangeOf(places.flatMap((point) => [point.y, ...point.range])), 0.1), box.top + box.height, box.top);
  axes(root, x, y, box, { x: cost.unit ? `${cost.title}, ${cost.unit}` : cost.title, y: "test accuracy, %" });
  const stairs = cost.fronts.filter((front) => front.some(passes)).map((front) => corners(front.map((place) => known.find((each) => each.place === place)), x, y));
  drawFronts(root, stairs, box);
  const best = new Set(cost.fronts.flat());
  const points = places.map((point) => ({ ...point, cx: x(point.x), cy: y(point.y), best: best.has(point.place) }));
  points.sort((one, other) => one.best - other.best);
  points.forEach((point) => { point.group = drawPoint(root, point, cost, y); });
  placeNames(root, points, stairs, box);
  watchPoints(root, points, width);
}

/* The corners of a stair: along to the next point, then up to it. */
function corners(points, x, y) {
  return points.flatMap((point, place) => place ? [[x(point.x), y(points[place - 1].y)], [x(point.x), y(point.y)]] : [[x(point.x), y(point.y)]]);
}

/* The front is that of all rows, so with a filter its stair may leave the chart. */
function drawFronts(root, stairs, box) {
  const clip = svg("clipPath", { id: "clip-scatter" }, root);
  svg("rect", { x: box.left, y: box.top, width: box.width, height: box.height }, clip);
  const group = svg("g", { "clip-path": "url(#clip-scatter)" }, root);
  for (const stair of stairs) svg("path", { class: "front", d: `M${stair.map(([left, top]) => `${round(left)} ${round(top)}`).join("L")}` }, group);
}

function drawPoint(root, point, cost, y) {
  const { row } = point;
  const text = `${row.label}: ${row.accuracy_text}, ${cost.title} ${cost.texts[point.place]}${point.best ? ", on the front" : ""}`;
  const classes = `point c${row.look.colour}${point.best ? " leading" : ""}${row.published ? " published" : ""}`;
  const group = svg("g", { class: classes, tabindex: "0", role: "img", "aria-label": text, "data-row": point.place }, root);
  const at = svg("g", { transform: `translate(${round(point.cx)} ${round(point.cy)})` }, group);
  if (point.range.length && point.range[0] < point.range[1]) {
    svg("path", { class: "range", d: `M0 ${round(y(point.range[0]) - point.cy)}V${round(y(point.range[1]) - point.cy)}` }, at);
  }
  const shape = svg("path", { class: "shape", d: SHAPES[row.look.marker % SHAPES.length] }, at);
  point.read = () => {
    const frame = shape.getBoundingClientRect();
    const title = `${row.label}${row.published ? ", published by others" : point.best ? ", on the front" : ""}`;
    showTip(frame.right, frame.top + frame.height / 2, title, [
      { name: "Test accuracy", text: row.accuracy_text }, { name: cost.title, text: cost.texts[point.place] },
    ]);
  };
  group.addEventListener("focus", point.read);
  group.addEventListener("blur", hideTip);
  return group;
}

/* The point nearest to the mouse or the finger is read. */
function watchPoints(root, points, width) {
  let near = null;
  const read = (event) => {
    const frame = root.getBoundingClientRect(), factor = width / frame.width;
    const distance = (point) => Math.hypot(point.cx - (event.clientX - frame.left) * factor, point.cy - (event.clientY - frame.top) * factor);
    const found = points.reduce((one, other) => distance(other) < distance(one) ? other : one);
    const reached = distance(found) <= REACH * factor ? found : null;
    if (reached === near && !tip.hidden) return;
    near?.group.classList.remove("near");
    near = reached;
    near?.group.classList.add("near");
    if (near) near.read(); else hideTip();
  };
  root.addEventListener("pointermove", read);
  root.addEventListener("pointerdown", read);
  root.addEventListener("pointerleave", (event) => {
    if (isTouch(event)) return; // a finger that is lifted leaves its reading
    near?.group.classList.remove("near");
    near = null;
    hideTip();
  });
}

/* A cost that spans much is first shown on a logarithmic axis. */
function isWide(cost) {
  const range = rangeOf(cost.values.filter((value) => value !== null && value > 0));
  return Boolean(range) && range[1] > 12 * range[0];
}

function chooseCost() {
  find("#cost-log").checked = isWide(data.costs[find("#cost").value]);
  drawScatter();
}

function startScatter() {
  const choice = find("#cost"), box = find("#cost-log"), names = data.costs.map(({ name }) => name);
  data.costs.forEach((cost, place) => element("option", { value: place }, choice, cost.title));
  choice.addEventListener("change", chooseCost);
  box.addEventListener("change", drawScatter);
  addControl("cost", choice, (value) => names[value], (name) => names.indexOf(name));
  addPart("axis", () => box.checked === isWide(data.costs[choice.value]) ? [] : [box.checked ? "log" : "linear"], ([said]) => {
    box.checked = said ? said === "log" : isWide(data.costs[choice.value]);
    drawScatter();
  });
  redrawn.push(drawScatter);
  chooseCost();
  let width = find("#scatter-chart").clientWidth;
  new ResizeObserver(() => {
    if (find("#scatter-chart").clientWidth === width) return;
    width = find("#scatter-chart").clientWidth;
    soon(drawScatter);
  }).observe(find("#scatter-chart"));
}
