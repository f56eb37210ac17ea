/* The reading line: at an x, the nearest epoch of every row; near is the row closest to the pointer. */
function read(panel, x, pixelY = null) {
  const entries = [], reach = (panel.x.high - panel.x.low) / 50;
  for (const row of visible()) {
    linesOf(row, panel).forEach((line) => {
      const place = nearest(line.x, x);
      if (line.x[place] < panel.x.low || line.x[place] > panel.x.high) return;
      if (x < line.x[0] - reach || x > line.x.at(-1) + reach) return; // nothing is known of it there
      entries.push({ row, name: row.name, x: line.x[place], epoch: line.epochs[place], y: line.y[place], text: figureText(panel, line, place) });
    });
  }
  const distance = (entry) => Math.abs(panel.y(positive(entry.y, panel.y)) - pixelY);
  if (pixelY !== null) entries.sort((one, other) => distance(one) - distance(other));
  entries.slice(0, 1).forEach((entry) => { entry.near = pixelY !== null; });
  return entries.slice(0, TIP_ENTRIES).sort((one, other) => other.y - one.y);
}

function figureText(panel, line, place) {
  const text = line.y[place].toFixed(panel.decimals) + (panel.unit && ` ${panel.unit}`);
  return line.low && line.high[place] > line.low[place] ? `${text} (${line.low[place].toFixed(panel.decimals)} to ${line.high[place].toFixed(panel.decimals)})` : text;
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
    svg("path", { class: "reading", d: `M${at} ${other.box.top}v${other.box.height}` }, other.marks);
  }
  for (const entry of entries) {
    svg("circle", { class: `dot c${entry.row.look.colour}`, cx: round(panel.x(entry.x)), cy: round(panel.y(positive(entry.y, panel.y))), r: entry.near ? 4.5 : 3 }, panel.marks);
  }
  emphasise(entries.find((entry) => entry.near)?.row.place ?? null);
  return entries;
}

/* Nothing is read any more: the tip goes, and the line that stood out is as all others. */
function dismiss() {
  hideTip();
  clearReading();
  emphasise(null);
}

function clearReading() {
  PANELS.forEach((panel) => panel.marks?.replaceChildren());
}

const placeText = (x) => shown.against === "epoch" ? `epoch ${x}` : duration(x / timeFactor);

/* The lines of one row stand out, strongly if all others fade; without a row, all are equal. */
function emphasise(place, strongly = false) {
  if (place === shown.near && strongly === shown.strongly) return;
  Object.assign(shown, { near: place, strongly });
  find("#panels").classList.toggle("emphasis", strongly);
  PANELS.forEach(drawHighlight);
}
