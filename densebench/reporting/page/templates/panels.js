/* How a panel is drawn: axes, bands, lines. */
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
  axes(root, panel.x, panel.y, box, { x: shown.against === "epoch" ? "epoch" : `wall time, ${timeUnit}`, y: panel.unit, whole: shown.against === "epoch" });
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
