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
const NAMED = 24;
const TALL = 440;

function drawScatter() {
  const cost = data.costs[find("#cost").value];
  const holder = find("#scatter-chart"), width = Math.max(300, holder.clientWidth);
  const box = { left: 50, top: 26, width: width - 70, height: TALL - 70 };
  const places = data.rows.map((row, place) => ({ row, place, x: cost.values[place], y: row.accuracy }))
    .filter(({ x, y }) => x !== null && y !== null)
    .map((point) => ({ ...point, x: point.x * cost.factor, y: point.y * 100, range: point.row.accuracy_range.map((each) => each * 100) }));
  const [low, high] = rangeOf(places.map(({ x }) => x));
  find("#cost-log").disabled = low <= 0;
  const logarithmic = find("#cost-log").checked && low > 0;
  const x = scale(...padded(low, high, 0.08, logarithmic), box.left, box.left + box.width, logarithmic);
  const y = scale(...padded(...rangeOf(places.flatMap((point) => [point.y, ...point.range])), 0.1), box.top + box.height, box.top);
  const root = svg("svg", { viewBox: `0 0 ${width} ${TALL}`, role: "group", "aria-label": `Test accuracy against ${cost.title}` });
  axes(root, x, y, box, { x: cost.unit ? `${cost.title}, ${cost.unit}` : cost.title, y: "test accuracy, %" });
  cost.fronts.forEach((front) => svg("path", { class: "front", d: stair(front.map((place) => places.find((each) => each.place === place)), x, y) }, root));
  const best = new Set(cost.fronts.flat());
  const points = places.map((point) => ({ ...point, cx: x(point.x), cy: y(point.y), best: best.has(point.place) }));
  points.sort((one, other) => one.best - other.best);
  const drawn = points.map((point) => drawPoint(root, point, cost, y));
  holder.replaceChildren(root);
  placeNames(root, points, drawn, box);
}

function stair(points, x, y) {
  return points.map((point, place) => place ? `H${round(x(point.x))}V${round(y(point.y))}` : `M${round(x(point.x))} ${round(y(point.y))}`).join("");
}

function drawPoint(root, point, cost, y) {
  const { row } = point;
  const text = `${row.label}: ${row.accuracy_text}, ${cost.title} ${cost.texts[point.place]}${point.best ? ", on the front" : ""}`;
  const classes = `point c${row.colour}${point.best ? " leading" : ""}${row.published ? " published" : ""}`;
  const group = svg("g", { class: classes, tabindex: "0", role: "img", "aria-label": text, "data-row": point.place }, root);
  const at = svg("g", { transform: `translate(${round(point.cx)} ${round(point.cy)})` }, group);
  if (point.range.length && point.range[0] < point.range[1]) {
    svg("path", { class: "range", d: `M0 ${round(y(point.range[0]) - point.cy)}V${round(y(point.range[1]) - point.cy)}` }, at);
  }
  svg("path", { class: "shape", d: SHAPES[row.marker % SHAPES.length] }, at);
  const showFigures = () => {
    const frame = at.getBoundingClientRect();
    const title = `${row.label}${row.published ? ", published by others" : point.best ? ", on the front" : ""}`;
    showTip(frame.right, frame.top + frame.height / 2, title, [
      { name: "Test accuracy", text: row.accuracy_text }, { name: cost.title, text: cost.texts[point.place] },
    ]);
  };
  group.addEventListener("pointerenter", showFigures);
  group.addEventListener("focus", showFigures);
  group.addEventListener("pointerleave", (event) => { if (!isTouch(event)) hideTip(); });
  group.addEventListener("blur", hideTip);
  return group;
}

/* Names beside their points, the nearest place that is free; of many points only those on a front are named. */
function placeNames(root, points, drawn, box) {
  const taken = points.map(({ cx, cy }) => ({ left: cx - 6, right: cx + 6, top: cy - 6, bottom: cy + 6 }));
  points.forEach((point, number) => {
    if (points.length > NAMED && !point.best) return;
    const text = svg("text", { "text-anchor": "middle" }, drawn[number], shortened(point.row.name));
    const { width, height } = text.getBBox();
    const spot = freeSpot(point, width, height, taken, box);
    if (!spot) return text.remove();
    taken.push(spot);
    text.setAttribute("x", round((spot.left + spot.right) / 2));
    text.setAttribute("y", round(spot.bottom - height * 0.25));
    if (spot.far) {
      const end = Math.min(Math.max(point.cx, spot.left), spot.right);
      svg("path", { class: "leader", d: `M${round(point.cx)} ${round(point.cy)}L${round(end)} ${round(spot.top > point.cy ? spot.top : spot.bottom)}` }, root).parentNode.insertBefore(root.lastChild, root.children[1]);
    }
  });
}

const shortened = (name) => name.length > 40 ? `${name.slice(0, 20)}\u2026${name.slice(-19)}` : name;

function freeSpot(point, width, height, taken, box) {
  const directions = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [1, 1], [-1, -1], [-1, 1]];
  for (const distance of [9, 18, 30, 46, 64]) {
    for (const [right, down] of directions) {
      const x = point.cx + right * (distance + width / 2), y = point.cy + down * (distance + height / 2 - 3);
      const spot = { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2, far: distance > 18 };
      const inside = spot.left >= box.left && spot.right <= box.left + box.width + 18 && spot.top >= box.top - 8 && spot.bottom <= box.top + box.height;
      const free = taken.every((other) => spot.left >= other.right || spot.right <= other.left || spot.top >= other.bottom || spot.bottom <= other.top);
      if (inside && free) return spot;
    }
  }
  return null;
}

/* A cost that spans much is first shown on a logarithmic axis. */
function chooseCost() {
  const known = data.costs[find("#cost").value].values.filter((value) => value !== null && value > 0);
  const range = rangeOf(known);
  find("#cost-log").checked = Boolean(range) && range[1] > 12 * range[0];
  drawScatter();
}

if (data.costs.length) {
  data.costs.forEach((cost, place) => element("option", { value: place }, find("#cost"), cost.title));
  find("#cost").addEventListener("change", chooseCost);
  find("#cost-log").addEventListener("change", drawScatter);
  chooseCost();
  let width = find("#scatter-chart").clientWidth;
  new ResizeObserver(() => {
    if (find("#scatter-chart").clientWidth === width) return;
    width = find("#scatter-chart").clientWidth;
    soon(drawScatter);
  }).observe(find("#scatter-chart"));
} else {
  find("#scatter").remove();
  find('nav a[href="#scatter"]').remove();
}
