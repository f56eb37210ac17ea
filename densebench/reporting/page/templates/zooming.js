/* Zooming, by the pointer and by the keyboard. */
function zoom(range) {
  const [low, high] = acrossRange();
  const least = shown.against === "epoch" ? 1 : (high - low) / 1000;
  if (range && range[1] - range[0] < least) return;
  const inside = range && (range[0] > low || range[1] < high);
  shown.zoom = inside ? [Math.max(low, range[0]), Math.min(high, range[1])].map((each) => Number(each.toPrecision(6))) : null; // as the address has it
  hideTip();
  drawCurves();
}

function lastQuarter() {
  const [low, high] = acrossRange(), from = low + 0.75 * (high - low);
  return [shown.against === "epoch" ? Math.min(Math.ceil(from), high - 1) : from, high]; // two epochs at least
}

/* By a pointer: move to read, drag to zoom. A finger only reads: a chart that zooms under it would hinder scrolling. */
function watchPointer(panel) {
  let start = null;
  const place = (event) => {
    const frame = panel.plot.getBoundingClientRect();
    const factor = panel.width / frame.width;
    const x = (event.clientX - frame.left) * factor;
    return { x: Math.min(Math.max(x, panel.box.left), panel.box.left + panel.box.width), y: (event.clientY - frame.top) * factor };
  };
  panel.plot.addEventListener("pointerdown", (event) => {
    if (isTouch(event)) return readAt(panel, event, place(event));
    if (event.button !== 0) return;
    start = place(event).x;
    if (event.pointerType === "mouse") panel.plot.setPointerCapture(event.pointerId);
  });
  panel.plot.addEventListener("pointermove", (event) => {
    const at = place(event);
    readAt(panel, event, at);
    if (start !== null && panel.y) {
      svg("rect", { class: "selection", x: Math.min(start, at.x), y: panel.box.top, width: Math.abs(at.x - start), height: panel.box.height }, panel.marks);
    }
  });
  panel.plot.addEventListener("pointerup", (event) => {
    const end = place(event).x, from = start;
    start = null;
    if (from !== null && Math.abs(end - from) > 6) zoom([panel.x.back(Math.min(from, end)), panel.x.back(Math.max(from, end))]);
  });
  panel.plot.addEventListener("pointercancel", () => { start = null; });
  panel.plot.addEventListener("pointerleave", (event) => { if (!isTouch(event)) dismiss(); }); // a finger that is lifted leaves its reading
  panel.plot.addEventListener("dblclick", () => zoom(null));
}

function readAt(panel, event, at) {
  const x = panel.x.back(at.x), entries = showReading(panel, x, at.y);
  if (entries.length) showTip(event.clientX, event.clientY, `${panel.title}, ${placeText(shown.against === "epoch" ? entries[0].x : x)}`, entries);
}

/* By the keyboard: arrows read, + and - zoom around the reading line, Escape shows the whole. */
function watchKeys(panel) {
  let at = null;
  panel.plot.addEventListener("keydown", (event) => {
    const span = panel.x.high - panel.x.low;
    const step = (shown.against === "epoch" ? Math.max(1, Math.round(span / 100)) : span / 100) * (event.shiftKey ? 10 : 1);
    at = Math.min(Math.max(at ?? panel.x.high, panel.x.low), panel.x.high);
    if (event.key === "ArrowLeft") at -= step;
    else if (event.key === "ArrowRight") at += step;
    else if (event.key === "+" || event.key === "=") zoom([at - span / 4, at + span / 4]);
    else if (event.key === "-") zoom([at - span, at + span]);
    else if (event.key === "Escape") return zoom(null);
    else return;
    event.preventDefault();
    at = Math.min(Math.max(at, panel.x.low), panel.x.high);
    const entries = showReading(panel, at, null), frame = panel.plot.getBoundingClientRect();
    const title = `${panel.title}, ${placeText(shown.against === "epoch" ? Math.round(at) : at)}`;
    showTip(frame.left + (panel.x(at) / panel.width) * frame.width, frame.top + frame.height / 2, title, entries);
    find("#reading").textContent = `${title}: ${entries.map((entry) => `${entry.name} ${entry.text}`).join(", ")}`;
  });
  panel.plot.addEventListener("blur", () => { at = null; dismiss(); });
}
