/*
 * How a panel is drawn: three SVG elements, one upon another. The frame holds the axes, the lines hold bands and lines, the
 * cursor holds what follows the pointer. The browser keeps an image of each (will-change in charts.css), so that a move of
 * the pointer repaints the cursor only: to repaint 50 lines of 300 points in four panels takes a tenth of a second and more.
 */
const LAYERS = ["frame", "lines", "cursor"];

function addLayers(panel) {
  for (const layer of LAYERS) panel[layer] = svg("svg", { class: layer, "aria-hidden": "true" }, panel.plot);
}

function drawPanel(panel) {
  const width = Math.max(280, panel.plot.clientWidth);
  const box = { left: MARGIN.left, top: MARGIN.top, width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  for (const layer of LAYERS) {
    panel[layer].replaceChildren();
    panel[layer].setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  }
  const [low, high] = shown.zoom ?? acrossRange();
  const logarithmic = shown.log && panel.may_be_logarithmic;
  const range = upRange(panel, low, high, logarithmic);
  panel.width = width;
  panel.box = box;
  panel.x = scale(low, high > low ? high : low + 1, box.left, box.left + box.width);
  if (!range) {
    panel.y = null;
    svg("text", { class: "empty", x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, panel.frame, "Nothing to show");
    return;
  }
  panel.y = scale(...range, box.top + box.height, box.top, logarithmic);
  axes(panel.frame, panel.x, panel.y, box, { x: shown.against === "epoch" ? "epoch" : `wall time, ${timeUnit}`, y: panel.axis, whole: shown.against === "epoch" });
  const clip = svg("clipPath", { id: `clip-${panel.name}` }, panel.lines);
  svg("rect", { x: box.left, y: box.top - 2, width: box.width, height: box.height + 4 }, clip);
  const clipped = { "clip-path": `url(#clip-${panel.name})` }, group = svg("g", clipped, panel.lines);
  for (const row of visible()) drawRow(group, row, panel);
  panel.highlight = svg("g", clipped, panel.cursor);
  panel.marks = svg("g", { class: "marks" }, panel.cursor);
  drawHighlight(panel);
}

function drawRow(group, row, panel) {
  for (const line of linesOf(row, panel)) {
    const at = (values) => line.x.map((x, place) => `${round(panel.x(x))} ${round(panel.y(positive(values[place], panel.y)))}`);
    if (line.low) {
      const edge = `M${at(line.low).join("L")}L${at(line.high).reverse().join("L")}Z`;
      svg("path", { class: `band c${row.look.colour}`, "data-row": row.place, d: edge }, group);
    }
    const each = shown.seeds === "each" && row.curves.length > 1 ? " each" : "";
    svg("path", { class: `line c${row.look.colour} d${row.look.dash}${each}`, "data-row": row.place, d: `M${at(line.y).join("L")}` }, group);
    if (line.x.length === 1) svg("circle", { class: `dot c${row.look.colour}`, "data-row": row.place, cx: round(panel.x(line.x[0])), cy: round(panel.y(line.y[0])), r: 3 }, group);
  }
}

/* The lines of the row that stands out are drawn a second time, above all others. */
function drawHighlight(panel) {
  if (!panel.y) return;
  panel.highlight.replaceChildren();
  for (const drawn of findAll(`[data-row="${shown.near}"]`, panel.lines)) {
    const copy = panel.highlight.appendChild(drawn.cloneNode());
    copy.classList.replace("line", "near-line");
    copy.classList.replace("band", "near-band");
  }
}

const positive = (value, axis) => axis.logarithmic ? Math.max(value, axis.low * 0.5) : value;

function drawCurves() {
  PANELS.forEach(drawPanel);
  const [low, high] = acrossRange();
  find("#last-quarter").disabled = high - low < (shown.against === "epoch" ? 2 : Number.EPSILON); // else it is the whole
}
